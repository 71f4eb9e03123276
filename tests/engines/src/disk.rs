//! A disk of an engine's own, in memory, which can be full: only root may make one.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::statvfs;
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

/// How much a disk holds at most that is not full: memory is taken for what is written alone.
const ROOM: u64 = 8 << 30;
/// What is left on a disk that is full, so that it is not fuller than full when something is written meanwhile.
const LEFT: u64 = 64 << 10;
/// How often a disk is measured until nothing was written meanwhile.
const TRIES: usize = 100;

/// Mounted in a folder, and gone when this is dropped.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// A disk in a folder; `None` for whoever may not mount one.
    pub(crate) fn mounted(folder: &Path) -> anyhow::Result<Option<Self>> {
        let options = CString::new(format!("mode=0755,size={ROOM}"))?;
        match mount("tmpfs", folder, "tmpfs", MountFlags::empty(), options.as_c_str()) {
            Ok(()) => Ok(Some(Self(folder.to_owned()))),
            Err(Errno::PERM) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot mount a disk in {}", folder.display())),
        }
    }

    /// Leaves room for next to nothing.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let mut result = Ok(());
        for _ in 0..TRIES {
            let disk = statvfs(&self.0)?;
            result = self.resize((disk.f_blocks - disk.f_bfree) * disk.f_frsize + LEFT);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Leaves room for everything again.
    pub(crate) fn free(&self) -> anyhow::Result<()> {
        self.resize(ROOM)
    }

    fn resize(&self, bytes: u64) -> anyhow::Result<()> {
        mount_remount(&self.0, MountFlags::empty(), format!("size={bytes}"))
            .with_context(|| format!("cannot give {bytes} bytes to {}", self.0.display()))
    }
}

/// Whether engines can have disks of their own: root may mount them, but not in every container.
pub fn may_have_disks() -> anyhow::Result<bool> {
    let folder = tempfile::tempdir()?;
    Ok(Disk::mounted(folder.path())?.is_some())
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever writes there still is about to end.
        unmount(&self.0, UnmountFlags::DETACH).ok();
    }
}
