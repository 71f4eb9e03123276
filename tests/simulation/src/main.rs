//! Runs by the thousand.

use std::{
    fmt::Write,
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use lms_kit::{
    fault::{self, AbortAt},
    planted::Bug,
};
use octavo_simulation::{Outcome, Seen, find, run, run_in_words};

/// A run is made of small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs services and sagas under faults, a seed a run.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// Where to write what was found, beside printing it.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Make each of the mistakes that can be planted, and find it within so many seeds.
    #[arg(long)]
    planted: bool,
    /// End this process where it comes to a place for the n-th time, written PLACE or PLACE:N, and nowhere else.
    #[arg(long, value_name = "PLACE[:N]")]
    abort_at: Option<String>,
    /// Print what happened in the first run, in words.
    #[arg(long)]
    words: bool,
}

#[expect(clippy::print_stdout, reason = "a command prints")]
fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(place) = &arguments.abort_at {
        let is_first = fault::install(place.parse::<AbortAt>()?);
        ensure!(is_first, "something else decides already where this process ends");
    }
    if arguments.words {
        println!("{}", run_in_words(arguments.seed).trace.lines.join("\n"));
    }
    let (report, holds) = if arguments.planted {
        find_all(arguments.seeds)?
    } else {
        simulate(arguments.seed, arguments.seeds)?
    };
    print!("{report}");
    if let Some(path) = &arguments.report {
        std::fs::write(path, &report).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Finds each planted mistake; where, in words, and whether all were found.
fn find_all(within: u64) -> Result<(String, bool)> {
    let (mut report, mut holds) = (String::new(), true);
    for bug in Bug::ALL {
        if let Some(found) = find(bug, within) {
            writeln!(report, "{bug:?}: seed {}: {}", found.seed, found.broken.join("; "))?;
        } else {
            holds = false;
            writeln!(report, "{bug:?}: not found within {within} seeds")?;
        }
    }
    Ok((report, holds))
}

/// Runs the seeds; what came of it in words, and whether every rule holds and everything was seen.
fn simulate(first: u64, number: u64) -> Result<(String, bool)> {
    let began = Instant::now();
    let (seen, broken) = run_all(first, number);
    let mut report = String::new();
    for outcome in &broken {
        for rule in &outcome.broken {
            writeln!(report, "seed {}: {rule}", outcome.seed)?;
        }
    }
    let gaps = [seen.missing(), seen.unexpected()].concat();
    for gap in &gaps {
        writeln!(report, "{gap}")?;
    }
    let took = began.elapsed();
    let each = took / u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    writeln!(report, "{number} seeds, {} with broken rules, {took:.1?}, {each:.2?} a seed", broken.len())?;
    writeln!(report, "sagas: {:?}", seen.sagas)?;
    writeln!(
        report,
        "{} faults, {} processes ended at a step, {} calls of engines failed, {} states loaded",
        seen.faults, seen.ends, seen.failures, seen.transfers
    )?;
    for (place, (reached, ended)) in &seen.places {
        writeln!(report, "{}: reached {reached} times, ended at {ended} times", place.name())?;
    }
    Ok((report, broken.is_empty() && gaps.is_empty()))
}

/// Runs the seeds on all cores, each seed on one; what was seen, and the runs with broken rules by their seeds.
fn run_all(first: u64, number: u64) -> (Seen, Vec<Outcome>) {
    let next = AtomicU64::new(0);
    let worker = || {
        let (mut seen, mut broken) = (Seen::default(), Vec::new());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= number {
                return (seen, broken);
            }
            let mut outcome = run(first + index);
            seen.add(std::mem::take(&mut outcome.seen));
            if !outcome.broken.is_empty() {
                broken.push(outcome);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let results = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a run does not panic")).collect::<Vec<_>>()
    });
    let (mut seen, mut broken) = (Seen::default(), Vec::new());
    for (of_worker, broken_there) in results {
        seen.add(of_worker);
        broken.extend(broken_there);
    }
    broken.sort_by_key(|outcome| outcome.seed);
    (seen, broken)
}
