//! One line that grows while something goes on.

use std::{
    io::{Stdout, Write, stdout},
    time::Instant,
};

use anyhow::Result;

/// The line, begun.
pub(crate) struct Progress {
    begun: Instant,
    out: Stdout,
}

impl Progress {
    /// Begins the line.
    pub(crate) fn start(text: &str) -> Result<Self> {
        let mut line = Self { begun: Instant::now(), out: stdout() };
        line.step(text)?;
        Ok(line)
    }

    /// Adds to the line.
    pub(crate) fn step(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Ends the line with the time that it took.
    pub(crate) fn finish(mut self) -> Result<()> {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.step(&format!(" ({seconds:.1} s)\n"))
    }
}
