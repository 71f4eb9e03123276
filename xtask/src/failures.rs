//! What tests that failed have said, so that it can be told once more where the run ends.

use std::fmt::{self, Display};

/// How much is told of a test: lines, and characters of each.
const LINES: usize = 12;
const WIDTH: usize = 600;

/// What each test that failed has said, read from what the test runner prints.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    told: Vec<Told>,
    is_open: bool,
}

#[derive(Debug)]
struct Told {
    test: String,
    lines: Vec<String>,
}

impl Failures {
    /// Takes a line of the runner: a test's own lines stand between `---- its name stdout ----` and the next heading.
    pub(crate) fn add(&mut self, line: &str) {
        if let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.told.push(Told { test: test.to_owned(), lines: Vec::new() });
            self.is_open = true;
        } else if line == "failures:" || line == "stack backtrace:" {
            self.is_open = false;
        } else if self.is_open
            && is_said_by_the_test(line)
            && let Some(told) = self.told.last_mut()
            && told.lines.len() < LINES
        {
            told.lines.push(line.chars().take(WIDTH).collect());
        }
    }
}

/// Neither empty nor a line of a service's log, which is JSON.
fn is_said_by_the_test(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('{')
}

impl Display for Failures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Told { test, lines } in &self.told {
            writeln!(out, "failed: {test}")?;
            lines.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Failures;

    #[test]
    fn each_failed_test_is_named_with_what_it_said() {
        let mut failures = Failures::default();
        for line in [
            "test one ... FAILED",
            "failures:",
            "",
            "---- one stdout ----",
            "{\"level\":\"WARN\"}",
            "thread 'one' panicked at src/lib.rs:1:1:",
            "two is not three",
            "stack backtrace:",
            "   0: __rustc::rust_begin_unwind",
            "---- tests::two stdout ----",
            "Error: nobody answers",
            "",
            "failures:",
            "    one",
        ] {
            failures.add(line);
        }
        assert_eq!(
            failures.to_string(),
            "failed: one\n  thread 'one' panicked at src/lib.rs:1:1:\n  two is not three\n\
             failed: tests::two\n  Error: nobody answers\n"
        );
    }
}
