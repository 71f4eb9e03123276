//! Pairs by the million.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use octavo_differential::{describe, run, shrunk};

/// Compares federated answers with those of a monolith.
#[derive(Parser)]
struct Arguments {
    /// The first world's seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many pairs.
    #[arg(long, default_value_t = 100_000)]
    pairs: u64,
    /// How many of the pairs that differ are printed.
    #[arg(long, default_value_t = 1)]
    show: usize,
    /// Make the operations of those that are printed as small as they can be made.
    #[arg(long)]
    shrink: bool,
    /// Print the schemas of the seed's world and end.
    #[arg(long)]
    describe: bool,
}

#[expect(clippy::print_stdout, reason = "a command prints")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.describe {
        println!("{}", describe(arguments.seed));
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let outcome = run(arguments.seed, arguments.pairs);
    for refused in outcome.refused.iter().take(arguments.show) {
        println!("{refused}\n");
    }
    for failure in outcome.failures.iter().take(arguments.show) {
        let (world, operation, execution) = failure.place;
        println!("world {world}, operation {operation}, execution {execution}: {}", failure.finding);
        let shrunk = if arguments.shrink { shrunk(failure) } else { None };
        println!("{}\n{}", describe(world), shrunk.as_ref().unwrap_or(&failure.description));
    }
    println!("{}", outcome.tally);
    println!(
        "{} worlds refused, {} pairs differ, {:?}",
        outcome.refused.len(),
        outcome.failures.len(),
        start.elapsed()
    );
    if outcome.failures.is_empty() && outcome.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
