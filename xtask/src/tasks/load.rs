//! `cargo xtask load`: figures of the gateway under load, as it is released.

use std::process::ExitCode;

use crate::{cargo, install, progress};

/// What `cargo xtask load` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on: `--seconds 15`, `--clients 50`, `--help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    // The gateway's command knows Pulsar, whose driver is made with protoc.
    install::means().await?;
    progress::step("build of the gateway", cargo::build_release("octavo-cli")).await?;
    let binaries = ("OCTAVO_BIN_DIR", cargo::release_folder().display().to_string());
    let ended = cargo::run_release("octavo-load", &options.arguments, [binaries]).await?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
