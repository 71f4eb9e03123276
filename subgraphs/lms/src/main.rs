//! The whole library and its gateway in one process: what `cargo run` starts.

mod arguments;
mod changes;
mod front;
mod library;
mod sample;

use std::{io::Write, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use lms_kit::Sources;
use lms_users::AdminPassword;
use tokio::runtime::Builder;

use arguments::Arguments;
use library::{Library, database_url};

/// Hostile documents nest deep; the gateway's parser and planner recurse within limits that this holds.
const STACK: usize = 8 * 1024 * 1024;

/// The reports' index warns of merges that came too late, which is nobody's to act on: what is left is merged later.
const QUIET: [&str; 1] = ["tantivy=error"];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    octavo_cli::start_logging(&QUIET);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when not even this can be said.
            let _ = writeln!(std::io::stderr(), "lms: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, less those that were said already: a driver's message often holds that of its own cause.
fn in_words(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn run(arguments: &Arguments) -> Result<()> {
    let runtime = Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
    runtime.context("there are no threads")?.block_on(serve(arguments))
}

/// The library opens, is filled if it is new, and is served until someone asks it to stop.
async fn serve(arguments: &Arguments) -> Result<()> {
    front::check_free(arguments.listen).await?;
    let variable = std::env::var("ADMIN_PASSWORD").ok();
    let admin = AdminPassword::read(arguments.admin_password_file.as_deref(), variable)?;
    let told = octavo_cli::start_tracing("lms", &octavo_cli::Config::default());
    let told = told.map_err(|failure| anyhow::anyhow!(failure))?;
    let library = Box::pin(Library::open(&arguments.data)).await?;
    if let Some(password) = admin {
        let url = database_url(&arguments.data, lms_users::NAME);
        lms_users::create_admin(&url, Sources::system(), password).await?;
    }
    if !arguments.empty {
        sample::load_once(&library, &arguments.data).await?;
    }
    let services = library.serve(arguments.secured).await?;
    let changes = arguments.cache.then(|| library.changes());
    let served = front::serve(arguments.listen, &services, changes).await;
    services.stop().await;
    library.close().await;
    told.stop().await;
    served
}
