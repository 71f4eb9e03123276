//! Cargo, run for the whole workspace with its output passed on.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use octavo_engines::variables_of_the_package;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::counts::Counts;
use crate::failures::Failures;
use crate::{processes, progress};

/// For how long tests may say nothing. The longest of them take some minutes.
const SILENCE: Duration = Duration::from_mins(15);

/// Builds the binaries and every test, so that a test may start any binary. What this makes, `cargo test` takes as it is.
pub(crate) async fn build() -> anyhow::Result<()> {
    let status = cargo(&["build", "--workspace", "--all-targets", "--locked"]).status().await?;
    ensure!(status.success(), "the workspace does not build");
    Ok(())
}

/// Builds the binaries.
pub(crate) async fn build_binaries() -> anyhow::Result<()> {
    let status = cargo(&["build", "--workspace", "--bins", "--locked"]).status().await?;
    ensure!(status.success(), "the binaries do not build");
    Ok(())
}

/// Builds the binaries of some packages.
pub(crate) async fn build_packages(names: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(&["build", "--quiet", "--bins", "--locked"]);
    command.args(names.iter().flat_map(|name| ["--package", name]));
    ensure!(command.status().await?.success(), "{} do not build", names.join(", "));
    Ok(())
}

/// Builds a package as it is measured.
pub(crate) async fn build_release(package: &str) -> anyhow::Result<()> {
    let status = cargo(&["build", "--quiet", "--release", "--locked", "--package", package]).status().await?;
    ensure!(status.success(), "{package} does not build");
    Ok(())
}

/// Runs a package's binary, as it is measured, with these variables.
pub(crate) async fn run_release(
    package: &str,
    arguments: &[String],
    variables: impl IntoIterator<Item = (&'static str, String)>,
) -> anyhow::Result<ExitStatus> {
    let mut command = cargo(&["run", "--quiet", "--release", "--locked", "--package", package, "--"]);
    command.args(arguments).envs(variables);
    Ok(command.status().await?)
}

/// Runs a binary that was built as the tests start it.
pub(crate) async fn run_binary(name: &str, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let folder = binaries_folder();
    let mut command = Command::new(folder.join(name));
    command.args(arguments).env("OCTAVO_BIN_DIR", folder).kill_on_drop(true);
    command.status().await.with_context(|| format!("cannot start {name}"))
}

/// Runs an example of a package, as it is measured.
pub(crate) async fn run_example(
    (package, example): (&str, &str),
    arguments: &[String],
) -> anyhow::Result<Output> {
    let names = ["--package", package, "--example", example, "--"];
    let mut command = cargo(&["run", "--quiet", "--release", "--locked"]);
    Ok(command.args(names).args(arguments).output().await?)
}

/// Runs tests with these variables; without arguments, every test of the workspace.
///
/// A test binary that says nothing for [`SILENCE`] is killed and counts as failed, so that one test that hangs does not keep the
/// others from being run.
pub(crate) async fn test(
    arguments: &[String],
    variables: impl IntoIterator<Item = (&'static str, String)>,
) -> anyhow::Result<Counts> {
    let mut command = cargo(&["test", "--locked", "--no-fail-fast"]);
    if arguments.is_empty() {
        command.arg("--workspace");
    }
    command.args(arguments).envs(variables).env("OCTAVO_BIN_DIR", binaries_folder());
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let pid = child.id().context("cargo has no process id")?;
    let mut lines = BufReader::new(child.stdout.take().context("cargo has no output")?).lines();
    let (mut counts, mut failures) = (Counts::default(), Failures::default());
    loop {
        let Ok(line) = timeout(SILENCE, lines.next_line()).await else {
            progress::note(&format!(
                "nothing for {} minutes: this test binary is killed",
                SILENCE.as_secs() / 60
            ));
            processes::kill_below(pid);
            counts.failed += 1;
            continue;
        };
        let Some(line) = line.context("cannot read cargo's output")? else { break };
        counts.add(&line);
        failures.add(&line);
        progress::relay(&line);
    }
    for line in failures.to_string().lines() {
        progress::note(line);
    }
    let status = child.wait().await.context("cargo went away")?;
    if !status.success() && counts.failed == 0 {
        // A crate that does not compile, or a test process that dies, fails without a count of its own.
        counts.failed = 1;
    }
    Ok(counts)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    for name in variables_of_the_package() {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Where the development profile puts binaries.
pub(crate) fn binaries_folder() -> PathBuf {
    target().join("debug")
}

/// Where the release profile puts them.
pub(crate) fn release_folder() -> PathBuf {
    target().join("release")
}

fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
