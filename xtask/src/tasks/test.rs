//! `cargo xtask test`: every test of the workspace on real engines, and one count at the end.

use std::process::ExitCode;

use crate::counts::Counts;
use crate::engines::{Engines, Purpose};
use crate::scratch::Scratch;
use crate::{cargo, install, progress};

/// Packages whose tests start the binaries of others: cargo builds these for none of their tests.
const STARTS_BINARIES: [&str; 5] =
    ["octavo-browser", "octavo-chaos", "octavo-conformance", "octavo-e2e", "octavo-load"];

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`, for example `-p octavo-executor` or a test's name; by default all tests run.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let counts = run_tests(options).await.unwrap_or_else(|error| {
        progress::complain(&error);
        // What kept the tests from running counts, so that nobody takes the run for a green one.
        Counts { passed: 0, failed: 1 }
    });
    progress::note(&counts.to_string());
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_tests(options: &Options) -> anyhow::Result<Counts> {
    let means = install::means().await?;
    let scratch = Scratch::new()?;
    let starts_binaries =
        STARTS_BINARIES.iter().any(|package| options.arguments.iter().any(|one| one == package));
    let build = async {
        if options.arguments.is_empty() {
            progress::step("build of the workspace", cargo::build()).await?;
        } else if starts_binaries {
            progress::step("build of the binaries", cargo::build_binaries()).await?;
        }
        anyhow::Ok(())
    };
    let (engines, ()) = tokio::try_join!(Engines::start(means, Purpose::Tests), build)?;
    scratch.ensure_room()?;
    let variables = engines.variables().into_iter().chain([scratch.variable()]);
    let counts = progress::step("tests", cargo::test(&options.arguments, variables)).await?;
    let stop = async {
        drop(engines);
        Ok(())
    };
    progress::step("stop of the engines", stop).await?;
    Ok(counts)
}
