//! The students service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_students::NAME, default_listen: "127.0.0.1:4105" };
    run(cli, definition, lms_students::sdl, async |url, sources| lms_students::open(&url, sources).await)
        .await
}
