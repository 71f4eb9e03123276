//! The tasks of the repository. `cargo xtask test` is the one to know.

mod cargo;
mod containers;
mod counts;
mod engines;
mod failures;
mod install;
mod processes;
mod progress;
mod scratch;
mod signals;
mod tasks;

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
    Test(tasks::test::Options),
    /// Start the engines, print their URLs, and keep them until Ctrl-C.
    Engines,
    /// Start the engines, and measure the messages between services.
    Bench(tasks::bench::Options),
    /// Measure the gateway under load: requests a second, and what each costs it.
    Load(tasks::load::Options),
    /// Hurt the library on engines of its own for hours, and check what it has stored.
    Chaos(tasks::chaos::Options),
    /// Make `schema/` from what the services print, or check that it is so.
    Schema(tasks::schema::Options),
    /// Record a sample of each kind of event that has none, and compare the others with what is said now.
    Events,
    /// Hold the results of a comparison of composers against the known exceptions.
    Agreement(tasks::agreement::Options),
    /// Time Octavo and other composers on the same graphs.
    Composers(tasks::composers::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let work = async {
        match Arguments::parse().task {
            Task::Test(options) => tasks::test::run(&options).await,
            Task::Engines => tasks::engines::run().await,
            Task::Bench(options) => tasks::bench::run(&options).await,
            Task::Load(options) => tasks::load::run(&options).await,
            Task::Chaos(options) => tasks::chaos::run(&options).await,
            Task::Schema(options) => tasks::schema::run(&options).await,
            Task::Events => tasks::events::run().await,
            Task::Agreement(options) => tasks::agreement::run(&options),
            Task::Composers(options) => tasks::composers::run(&options).await,
        }
    };
    // Whatever ends first: dropping the other stops what it had started.
    let outcome = tokio::select! {
        outcome = work => outcome,
        stopped = signals::stop() => stopped,
    };
    outcome.unwrap_or_else(|error| {
        progress::complain(&error);
        ExitCode::FAILURE
    })
}
