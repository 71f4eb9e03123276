//! `cargo xtask bench`: figures of the messages between services, on real engines.

use std::process::ExitCode;

use crate::engines::{Engines, Purpose};
use crate::{cargo, install, progress};

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the bench: `--seconds 10`, `--help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let means = install::means().await?;
    progress::step("build of the bench", cargo::build_release("octavo-bench")).await?;
    let engines = Engines::start(means, Purpose::Figures).await?;
    let ended = cargo::run_release("octavo-bench", &options.arguments, engines.variables()).await?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
