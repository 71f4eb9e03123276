//! The books service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_books::NAME, default_listen: "127.0.0.1:4101" };
    run(cli, definition, lms_books::sdl, async |url, sources| lms_books::open(&url, sources).await).await
}
