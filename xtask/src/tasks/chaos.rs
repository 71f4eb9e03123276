//! `cargo xtask chaos`: the library under faults for hours, on engines of its own.

use std::process::ExitCode;

use crate::{cargo, install, progress};

/// What `cargo xtask chaos` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on: `--seed-from 1 --hours 2 --report DIR`, `--only "9 "`, `--help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    install::means().await?;
    progress::step("build of the binaries", cargo::build_binaries()).await?;
    let ended = cargo::run_binary("octavo-chaos", &options.arguments).await?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
