//! The reports service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

/// What is logged when nobody says: the index tells of each of its commits and merges.
const LOG: &str = "info,sqlx=warn,pulsar=error,tantivy=error";

#[tokio::main]
async fn main() -> ExitCode {
    let logged = |name| (name == "RUST_LOG").then(|| LOG.to_owned());
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok().or_else(|| logged(name)));
    let definition = Definition { name: lms_reports::NAME, default_listen: "127.0.0.1:4109" };
    let open = async |url: String, sources| lms_reports::open(&url, sources).await;
    run(cli, definition, lms_reports::sdl, open).await
}
