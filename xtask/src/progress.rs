//! Lines for whoever waits: what is under way, and how long it took. The only module that prints.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who started it")]

use std::time::Instant;

/// Does a step between two lines that name it and its time.
pub(crate) async fn step<T>(name: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let started = Instant::now();
    println!("[....] {name}");
    let outcome = work.await;
    let mark = if outcome.is_ok() { "done" } else { "FAIL" };
    println!("[{mark}] {name} ({:.1} s)", started.elapsed().as_secs_f64());
    outcome
}

/// Says one thing.
pub(crate) fn note(text: &str) {
    println!("{text}");
}

/// Passes a line of a child process on.
pub(crate) fn relay(line: &str) {
    println!("{line}");
}

/// Says why a task could not be done.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
