//! What a stage made, compared with what it made when somebody last looked at it.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result};
use similar::TextDiff;

/// Snapshots that differ, collected so that one run shows all.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    findings: Vec<String>,
}

impl Snapshots {
    /// Compares `text` with the file, or writes it when `UPDATE_SUITES` is set.
    pub(crate) fn compare(&mut self, path: &Path, text: &str) -> Result<()> {
        let kept = fs::read_to_string(path).ok();
        if kept.as_deref() == Some(text) {
            return Ok(());
        }
        if env::var_os("UPDATE_SUITES").is_some() {
            return fs::write(path, text).with_context(|| path.display().to_string());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kept = kept.unwrap_or_default();
        let diff = TextDiff::from_lines(kept.as_str(), text);
        let diff = diff.unified_diff().context_radius(3).header("kept", "made").to_string();
        self.findings.push(format!("{name} is stale (UPDATE_SUITES=1 writes it anew):\n{diff}"));
        Ok(())
    }

    pub(crate) fn into_findings(self) -> Vec<String> {
        self.findings
    }
}
