//! Gets the programs that a test run needs: from Debian's packages where this user may, else it says which are missing.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use octavo_engines::{Program, missing_programs};
use rustix::process::geteuid;
use tokio::process::Command;

use crate::progress;

const APT: &str = "/usr/bin/apt-get";

/// Leaves the machine with every program, or fails with one line that says what is missing and how to get it.
pub(crate) async fn programs() -> anyhow::Result<()> {
    let missing = missing_programs();
    if !missing.is_empty() && geteuid().is_root() && Path::new(APT).exists() {
        from_debian(&missing).await?;
    }
    let missing = missing_programs();
    if missing.is_empty() {
        return Ok(());
    }
    let hints: Vec<&str> = missing.iter().map(|program| program.hint).collect();
    bail!("{} — on Debian `sudo cargo xtask test` installs what Debian has", hints.join("; "))
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
