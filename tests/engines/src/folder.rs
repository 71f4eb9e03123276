//! The folder of one engine: its data and its log, gone when the engine is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::disk::Disk;
use tempfile::TempDir;

const LINES_SHOWN: usize = 30;

pub(crate) struct Folder {
    /// Goes before the folder that it is mounted in.
    disk: Option<Disk>,
    folder: TempDir,
}

impl Folder {
    /// Makes a folder under the system's temporary one, which every user may enter.
    pub(crate) fn new(engine: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("octavo-{engine}-")).tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        Ok(Self { disk: None, folder })
    }

    /// The same, on a disk of its own where one can be mounted.
    pub(crate) fn on_a_disk(engine: &str) -> anyhow::Result<Self> {
        let folder = Self::new(engine)?;
        let disk = Disk::mounted(folder.path())?;
        Ok(Self { disk, ..folder })
    }

    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder inside.
    pub(crate) fn inside(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path().join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Makes a folder inside that belongs to another user.
    pub(crate) fn inside_for(&self, name: &str, user: u32) -> anyhow::Result<PathBuf> {
        let path = self.inside(name)?;
        chown(&path, Some(user), None).with_context(|| format!("cannot hand over {}", path.display()))?;
        Ok(path)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    pub(crate) fn end_of_log(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }
}
