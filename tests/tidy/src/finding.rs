//! What a rule found: where, and what to do about it.

use std::fmt::{self, Display};

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub advice: String,
}

impl Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// The places that break one rule; a test ends with [`Findings::assert_none`].
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a place.
    pub fn add(&mut self, path: &str, line: usize, advice: impl Into<String>) {
        self.0.push(Finding { path: path.to_owned(), line, advice: advice.into() });
    }

    /// The places found so far, in the order of files and lines.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.0.sort();
        self.0.dedup();
        self.0
    }

    /// Fails with one line a place.
    ///
    /// # Panics
    /// When there is a place.
    pub fn assert_none(self, rule: &str) {
        let lines: Vec<String> = self.sorted().iter().map(|finding| format!("  {finding}")).collect();
        assert!(lines.is_empty(), "{rule}\n{}\n", lines.join("\n"));
    }
}
