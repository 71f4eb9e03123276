//! `cargo xtask test`: every test of the workspace, and one count at the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;

use crate::progress;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `cargo test`, for example `-p octavo-executor` or a test's name.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// How many tests ran, and how.
#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let counts = progress::step("tests of the workspace", || cargo_test(&options.arguments))?;
    progress::summary(counts.passed, counts.failed);
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_test(arguments: &[String]) -> anyhow::Result<Counts> {
    let mut command = Command::new("cargo");
    command.args(["test", "--locked", "--no-fail-fast"]);
    if arguments.is_empty() {
        command.arg("--workspace");
    }
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read cargo's output")?;
        counts.add(&line);
        progress::relay(&line);
    }
    let status = child.wait().context("cargo went away")?;
    if !status.success() && counts.failed == 0 {
        // A crate that does not compile fails without a count of its own.
        counts.failed = 1;
    }
    Ok(counts)
}

impl Counts {
    /// Adds a line `test result: ok. 3 passed; 1 failed; …`; any other line adds nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        self.passed += count_before(result, " passed");
        self.failed += count_before(result, " failed");
    }
}

/// The whole number that stands right before a word.
fn count_before(line: &str, word: &str) -> u64 {
    line.split(word).next().and_then(|head| head.rsplit(' ').next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn result_lines_are_summed() {
        let mut counts = Counts::default();
        counts.add(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.0s",
        );
        counts.add("running 3 tests");
        counts.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!((counts.passed, counts.failed), (14, 1));
    }
}
