//! Gets what a test run needs: the engines' programs from Debian's packages where this user may, else containers, else it
//! says what is missing.

use std::env;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use octavo_engines::{Program, missing_programs};
use rustix::process::geteuid;
use tokio::process::Command;

use crate::{containers, progress};

const APT: &str = "apt-get";

/// What the engines are run with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// This machine's programs.
    Programs,
    /// Containers of docker-compose.yml.
    Containers,
}

/// Leaves the machine with what a run needs, or fails with one line that says what is missing and how to get it.
pub(crate) async fn means() -> anyhow::Result<Means> {
    let missing = missing_programs();
    if !missing.is_empty() && geteuid().is_root() && has_apt() {
        from_debian(&missing).await?;
    }
    let missing = missing_programs();
    if missing.is_empty() {
        return Ok(Means::Programs);
    }
    if missing.iter().all(|program| program.contained) && containers::work().await {
        return Ok(Means::Containers);
    }
    let hints: Vec<&str> = missing.iter().map(|program| program.hint).collect();
    bail!(
        "{} — on Debian `sudo cargo xtask test` installs what Debian has, and a docker that works (`docker info`) takes \
         the place of the engines",
        hints.join("; ")
    )
}

fn has_apt() -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(APT).is_file()))
}

async fn from_debian(missing: &[Program]) -> anyhow::Result<()> {
    let packages: Vec<&str> = missing.iter().flat_map(|program| program.packages).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    progress::step(&format!("install {}", packages.join(" ")), async {
        apt_get(&["update", "-qq"]).await?;
        apt_get(&[&["install", "-qq", "--no-install-recommends"], packages.as_slice()].concat()).await
    })
    .await
}

async fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(APT)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The packages' own servers are not wanted: the tests start theirs.
        .env("RUNLEVEL", "1")
        .stdin(Stdio::null())
        .output()
        .await
        .context("cannot start apt-get")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "apt-get {} failed:\n{said}", arguments.join(" "));
    Ok(())
}
