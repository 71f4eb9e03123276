//! Lines for whoever waits: what is under way, and how long it took. The only module that prints.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who started it")]

use std::time::Instant;

/// Runs a step between two lines that name it and its time.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let started = Instant::now();
    println!("[....] {name}");
    let outcome = work();
    let mark = if outcome.is_ok() { "done" } else { "FAIL" };
    println!("[{mark}] {name} ({:.1} s)", started.elapsed().as_secs_f64());
    outcome
}

/// Passes a line of a child process on.
pub(crate) fn relay(line: &str) {
    println!("{line}");
}

/// Says why a task could not be done.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// The last line of a test run.
pub(crate) fn summary(passed: u64, failed: u64) {
    println!("{passed} passed, {failed} failed");
}
