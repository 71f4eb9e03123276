//! Where tests and the engines that are started for them keep what they write: in memory, where there is room for it.
//!
//! Tests kill processes and never the machine, so that what is written need not outlive it; and how long a disk takes to
//! write is no part of what they hold.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rustix::fs::statvfs;
use tempfile::TempDir;

use crate::progress;

/// Where Linux has files in memory.
const MEMORY: &str = "/dev/shm";
/// Bytes that memory must have for files; the engines of all tests keep about a third of that.
const MEMORY_ROOM: u64 = 6_000_000_000;
/// Bytes that all tests together need at most for what the engines keep.
const ROOM: u64 = 1_500_000_000;

/// The folder for temporary files of one run, gone when this is dropped.
pub(crate) struct Scratch(Option<TempDir>);

impl Scratch {
    /// In memory, unless there is too little of it or `TMPDIR` names a folder; from now on temporary files of this process go there.
    pub(crate) fn new() -> anyhow::Result<Self> {
        if std::env::var_os("TMPDIR").is_some() || free(Path::new(MEMORY)).unwrap_or(0) < MEMORY_ROOM {
            return Ok(Self(None));
        }
        let own = tempfile::Builder::new().prefix("octavo-tests-").tempdir_in(MEMORY)?;
        if let Err(other) = tempfile::env::override_temp_dir(own.path()) {
            anyhow::bail!("temporary files go to {} already", other.display());
        }
        progress::note(&format!(
            "what tests and engines write goes to {} (TMPDIR names another folder)",
            own.path().display()
        ));
        Ok(Self(Some(own)))
    }

    /// The variable by which the tests' own processes find it.
    pub(crate) fn variable(&self) -> (&'static str, String) {
        ("TMPDIR", self.path().display().to_string())
    }

    fn path(&self) -> PathBuf {
        self.0.as_ref().map_or_else(std::env::temp_dir, |own| own.path().to_owned())
    }

    /// Fails where the engines would come to refuse writes, and tests wait for them in vain.
    pub(crate) fn ensure_room(&self) -> anyhow::Result<()> {
        let folder = self.path();
        let free = free(&folder)?;
        ensure!(
            free >= ROOM,
            "{} MB are free in {}, where the engines of the tests keep their data; they need {} MB (TMPDIR names another folder)",
            free / 1_000_000,
            folder.display(),
            ROOM / 1_000_000
        );
        Ok(())
    }
}

/// Bytes that are free where a folder lies.
fn free(folder: &Path) -> anyhow::Result<u64> {
    let disk = statvfs(folder).with_context(|| format!("cannot tell how full {} is", folder.display()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
