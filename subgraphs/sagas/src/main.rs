//! The sagas service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_sagas::NAME, default_listen: "127.0.0.1:4107" };
    run(cli, definition, lms_sagas::sdl, async |url, sources| lms_sagas::open(&url, sources).await).await
}
