//! Runs by the thousand.

use std::{
    fmt::Write,
    path::PathBuf,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use lms_kit::{
    fault::{self, AbortAt},
    planted::Bug,
};
use octavo_simulation::{find, run_all, run_in_words};

/// Runs services and sagas under faults, a seed a run.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// A folder to write the report to, beside printing it.
    #[arg(long, value_name = "DIR")]
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
    if let Some(folder) = &arguments.report {
        ensure!(folder.is_dir(), "--report: {} is no folder", folder.display());
    }
    // What is committed while it runs is not what runs.
    let commit = commit();
    if arguments.words {
        println!("{}", run_in_words(arguments.seed).trace.lines.join("\n"));
    }
    let (report, holds) = if arguments.planted {
        find_all(arguments.seeds, &commit)?
    } else {
        simulate(arguments.seed, arguments.seeds, &commit)?
    };
    print!("{report}");
    if let Some(folder) = &arguments.report {
        let name = if arguments.planted {
            "planted.txt".to_owned()
        } else {
            format!("simulation-{}.txt", arguments.seed)
        };
        let file = folder.join(name);
        std::fs::write(&file, &report).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Finds each planted mistake; where, in words, and whether all were found.
fn find_all(within: u64, commit: &str) -> Result<(String, bool)> {
    let (mut report, mut holds) = (format!("mistakes planted in {commit}\n"), true);
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

#[expect(clippy::print_stderr, reason = "a run of hours says how far it is")]
fn progress(begun: u64, number: u64, took: Duration) {
    eprintln!("{begun} of {number} seeds after {} s", took.as_secs());
}

/// What was built, as its history names it.
fn commit() -> String {
    let described = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let named = described.ok().filter(|output| output.status.success());
    named.map_or_else(
        || "no commit".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// Runs the seeds; what came of it in words, and whether every rule holds and everything was seen.
fn simulate(first: u64, number: u64, commit: &str) -> Result<(String, bool)> {
    let began = Instant::now();
    let outcomes = run_all(first, number, |begun| progress(begun, number, began.elapsed()));
    let (seen, broken) = (&outcomes.seen, outcomes.broken.len());
    let mut report = String::new();
    let gaps = [seen.missing(), seen.unexpected()].concat();
    for complaint in outcomes.complaints().iter().chain(&gaps) {
        writeln!(report, "{complaint}")?;
    }
    let took = began.elapsed();
    let each = took / u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    writeln!(
        report,
        "seeds {first} to {} at {commit}: {number} runs, {broken} with broken rules, {took:.1?}, {each:.2?} a seed",
        first.saturating_add(number.saturating_sub(1))
    )?;
    writeln!(report, "sagas: {:?}", seen.sagas)?;
    writeln!(
        report,
        "{} faults, {} processes ended at a step, {} calls of engines failed, {} states loaded",
        seen.faults, seen.ends, seen.failures, seen.transfers
    )?;
    for (place, (reached, ended)) in &seen.places {
        writeln!(report, "{}: reached {reached} times, ended at {ended} times", place.name())?;
    }
    Ok((report, broken == 0 && gaps.is_empty()))
}
