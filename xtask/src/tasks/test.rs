//! `cargo xtask test`: every test of the workspace on real engines, and one count at the end.

use std::process::ExitCode;

use crate::engines::Engines;
use crate::{cargo, install, progress};

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`, for example `-p octavo-executor` or a test's name; by default all tests run.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    install::programs().await?;
    let build = async {
        if options.arguments.is_empty() {
            progress::step("build of the workspace", cargo::build()).await?;
        }
        anyhow::Ok(())
    };
    let (engines, ()) = tokio::try_join!(Engines::start(), build)?;
    let counts = progress::step("tests", cargo::test(&options.arguments, engines.variables())).await?;
    progress::step("stop of the engines", engines.stop()).await?;
    progress::note(&counts.to_string());
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
