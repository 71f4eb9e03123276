//! The tasks of the repository: test, schema, bench.

mod progress;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the engines, run every test of the workspace, stop the engines, print `N passed, M failed`.
    Test(test::Options),
}

fn main() -> ExitCode {
    let Arguments { task } = Arguments::parse();
    let outcome = match task {
        Task::Test(options) => test::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        progress::complain(&error);
        ExitCode::FAILURE
    })
}
