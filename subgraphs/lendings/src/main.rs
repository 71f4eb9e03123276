//! The lendings service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_lendings::NAME, default_listen: "127.0.0.1:4108" };
    let open = async |url: String, sources| lms_lendings::open(&url, sources).await;
    run(cli, definition, lms_lendings::sdl, open).await
}
