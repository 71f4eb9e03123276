//! One line that grows while something goes on.

use std::{io::Write, time::Instant};

use anyhow::Result;

/// The line, begun.
pub(crate) struct Progress {
    begun: Instant,
}

impl Progress {
    /// Begins the line.
    pub(crate) fn start(text: &str) -> Result<Self> {
        write(text)?;
        Ok(Self { begun: Instant::now() })
    }

    /// Adds to the line.
    pub(crate) fn step(&mut self, text: &str) -> Result<()> {
        write(text)
    }

    /// Ends the line with the time that it took.
    pub(crate) fn finish(self) -> Result<()> {
        write(&format!(" ({:.1} s)\n", self.begun.elapsed().as_secs_f64()))
    }
}

fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
