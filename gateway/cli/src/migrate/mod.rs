//! `octavo migrate`: how the migrations of services stand, and the steps that take something away.
//!
//! A service applies what adds something when it starts. What takes something away has requirements, which lie in other
//! services as well: each service is asked how it stands, and whether its steps may be applied; it asks all others itself,
//! under the lock of its own ledger.

mod report;
mod service;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::exit::Failure;
use crate::file;
use crate::output::write_out;
use report::Report;
use service::Services;

/// See how the migrations of services stand, and apply the steps that take something away
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to do
    #[arg(value_enum)]
    what: What,
    /// A service and where it listens, such as books=http://127.0.0.1:4101; name all of them
    #[arg(long = "service", value_name = "NAME=URL", value_parser = service::named, required = true)]
    services: Vec<(String, reqwest::Url)>,
    /// A file with the token that the services share; the variable `PEER_TOKEN` if left out
    #[arg(long, value_name = "FILE")]
    peer_token_file: Option<PathBuf>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What each service has applied and has not, and what is still in use there; exit 1 if one does not answer
    Status,
    /// Which steps that take something away could be applied now, and what speaks against the others (exit 1)
    Plan,
    /// Apply those that can be; exit 1 if something speaks against one
    Up,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let token = token(arguments.peer_token_file.as_deref())?;
    let services = Services::new(&arguments.services, token)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::System(format!("no threads: {error}")))?;
    let report = runtime.block_on(async {
        match arguments.what {
            What::Status => Report::Status(services.standings().await),
            What::Plan => Report::Contract(services.contract(false).await),
            What::Up => Report::Contract(services.contract(true).await),
        }
    });
    write_out(&match arguments.format {
        Format::Text => report.text(),
        Format::Json => report.json(),
    })?;
    report.against().map_or(Ok(()), |why| Err(Failure::Invalid(why)))
}

fn token(file: Option<&std::path::Path>) -> Result<Option<String>, Failure> {
    let token = match file {
        Some(path) => Some(file::read("token file", path)?),
        None => std::env::var("PEER_TOKEN").ok(),
    };
    Ok(token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()))
}
