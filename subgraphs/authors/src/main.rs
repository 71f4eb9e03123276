//! The authors service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_authors::NAME, default_listen: "127.0.0.1:4102" };
    run(cli, definition, lms_authors::sdl, async |url, sources| lms_authors::open(&url, sources).await).await
}
