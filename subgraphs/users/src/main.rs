//! The users service as a process.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use lms_kit::service::{Cli, Definition, run};
use lms_users::AdminPassword;

/// The flags of this service.
#[derive(Parser)]
#[command(about = "The users service of the library.", version)]
struct Flags {
    #[command(flatten)]
    service: Cli,
    /// Makes the user `admin` at the start, if there is none, with the password in a file (or in the variable
    /// `ADMIN_PASSWORD`).
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let flags = Flags::parse();
    let cli = flags.service.with_variables(variable);
    let definition = Definition { name: lms_users::NAME, default_listen: "127.0.0.1:4104" };
    let open = async |url: String, sources: lms_kit::Sources| {
        let file = flags.admin_password_file.as_deref();
        if let Some(password) = AdminPassword::read(file, variable("ADMIN_PASSWORD"))? {
            lms_users::create_admin(&url, sources.clone(), password).await?;
        }
        lms_users::open(&url, sources).await
    };
    run(cli, definition, lms_users::sdl, open).await
}
