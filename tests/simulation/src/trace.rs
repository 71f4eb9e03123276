//! What happened in a run, in its order: a digest always, lines if somebody wants to read them.

use crate::chance::hashed;

/// The trace of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Of every step; two runs of one seed have the same.
    pub digest: u64,
    /// What happened, in words.
    pub lines: Vec<String>,
    /// Whether lines are kept.
    keeps: bool,
}

impl Trace {
    pub(crate) fn new(keeps: bool) -> Self {
        Self { digest: 0, lines: Vec::new(), keeps }
    }

    /// A step of a process.
    pub(crate) fn step(&mut self, at_ms: i64, process: u64, what: &'static str) {
        let number = self.digest.rotate_left(7) ^ process ^ (at_ms.cast_unsigned() << 8);
        self.digest = hashed(number, what);
    }

    /// Something that is worth a line.
    pub(crate) fn tell(&mut self, at_ms: i64, what: impl FnOnce() -> String) {
        if self.keeps {
            let line = what();
            self.lines.push(format!("{at_ms:>8} {line}"));
        }
    }
}
