//! What has to be built or brought once, and is kept for later runs: Pulsar's jars, the `FerretDB` binary.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::programs::require;

const JARS: &str = "jars";
const FERRETDB: &str = "ferretdb";

/// The folder with the broker's jars, brought by Maven when it is not there yet.
pub(crate) async fn pulsar_jars() -> anyhow::Result<PathBuf> {
    let sources = module("pulsar");
    let pom = sources.join("pom.xml");
    let files = [pom.as_path()];
    let kept = cached("pulsar", &files, async |target: &Path| {
        let mut maven = Command::new(require("mvn")?);
        maven.args(["--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"]);
        maven.arg("--file").arg(&pom).arg(format!("-DoutputDirectory={}", target.join(JARS).display()));
        succeed(maven, "Maven cannot bring Pulsar's jars").await
    });
    Ok(kept.await?.join(JARS))
}

/// The `FerretDB` binary, built by Go when it is not there yet.
pub(crate) async fn ferretdb_binary() -> anyhow::Result<PathBuf> {
    let sources = module("ferretdb");
    let files = ["go.mod", "go.sum", "main.go"].map(|name| sources.join(name));
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let kept = cached("ferretdb", &files, async |target: &Path| {
        let mut go = Command::new(require("go")?);
        go.args(["build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o"])
            .arg(target.join(FERRETDB))
            .arg(".");
        go.current_dir(&sources);
        succeed(go, "Go cannot build FerretDB").await
    });
    Ok(kept.await?.join(FERRETDB))
}

fn module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The kept folder for these sources; made beside it first and moved there whole, so that it is never seen half done.
async fn cached(
    name: &str,
    sources: &[&Path],
    make: impl AsyncFnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let cache = cache_folder()?;
    let kept = cache.join(format!("{name}-{}", digest(sources)?));
    if kept.is_dir() {
        return Ok(kept);
    }
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let draft = tempfile::Builder::new().prefix(name).tempdir_in(&cache)?;
    make(draft.path()).await?;
    if let Err(error) = fs::rename(draft.path(), &kept) {
        // Another process may have been quicker with the same thing.
        ensure!(kept.is_dir(), "cannot keep {}: {error}", kept.display());
    }
    Ok(kept)
}

/// `XDG_CACHE_HOME/octavo`, by default `~/.cache/octavo`.
fn cache_folder() -> anyhow::Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    Ok(cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?.join("octavo"))
}

fn digest(sources: &[&Path]) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for path in sources {
        hash.update(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..8] {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

async fn succeed(mut command: Command, failure: &str) -> anyhow::Result<()> {
    let output =
        command.stdin(Stdio::null()).kill_on_drop(true).output().await.context(failure.to_owned())?;
    let text = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{failure}:\n{}", String::from_utf8_lossy(&text));
    Ok(())
}
