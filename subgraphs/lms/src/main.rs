//! The whole library and its gateway in one process: what `cargo run` starts.

mod arguments;
mod front;
mod library;
mod sample;

use std::{io::Write, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use tokio::runtime::Builder;

use arguments::Arguments;
use library::Library;

/// Hostile documents nest deep; the gateway's parser and planner recurse within limits that this holds.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    octavo_cli::start_logging();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when not even this can be said.
            let _ = writeln!(std::io::stderr(), "lms: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let runtime = Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
    runtime.context("there are no threads")?.block_on(serve(arguments))
}

/// The library opens, is filled if it is new, and is served until someone asks it to stop.
async fn serve(arguments: &Arguments) -> Result<()> {
    front::check_free(arguments.listen).await?;
    let library = Box::pin(Library::open(&arguments.data)).await?;
    if !arguments.empty {
        sample::load_once(&library, &arguments.data).await?;
    }
    let services = library.serve().await?;
    let served = front::serve(arguments.listen, &services.urls).await;
    services.stop().await;
    library.close().await;
    served
}
