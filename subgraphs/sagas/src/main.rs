//! The sagas service as a process.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use lms_kit::service::{Cli, Definition, run};
use lms_sagas::Times;

/// The flags of this service.
#[derive(Parser)]
#[command(about = "The sagas service of the library.", version)]
struct Flags {
    #[command(flatten)]
    service: Cli,
    /// How many days a saga that has ended is kept; a week at least, since messages of it may come for so long.
    #[arg(long, value_name = "DAYS", default_value_t = Times::default().kept.as_secs() / DAY, value_parser = clap::value_parser!(u64).range(7..=36_500))]
    keep_sagas_days: u64,
    /// How often services are asked for sagas that are not known here, since the database came from an older backup. Those
    /// that began within that time are not asked for yet.
    #[arg(long, value_name = "SECONDS", default_value_t = Times::default().compared.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    find_lost_sagas_every: u64,
}

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let cli = flags.service.with_variables(|name| std::env::var(name).ok());
    let definition = Definition { name: lms_sagas::NAME, default_listen: "127.0.0.1:4107" };
    let kept = Duration::from_secs(flags.keep_sagas_days * DAY);
    let times = Times { kept, compared: Duration::from_secs(flags.find_lost_sagas_every) };
    let open = async |url: String, sources| lms_sagas::open(&url, sources, times).await;
    run(cli, definition, lms_sagas::sdl, open).await
}
