//! The users service as a process.

use std::process::ExitCode;

use lms_kit::service::{Cli, Definition, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var(name).ok());
    let definition = Definition { name: lms_users::NAME, default_listen: "127.0.0.1:4104" };
    run(cli, definition, lms_users::sdl, async |url, sources| lms_users::open(&url, sources).await).await
}
