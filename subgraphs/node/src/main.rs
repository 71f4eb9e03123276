//! The node service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run_stateless};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_node::NAME, default_listen: "127.0.0.1:4106" };
    run_stateless(cli, definition, lms_node::sdl, lms_node::open).await
}
