//! What git remembers of the tree.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The history of the repository that this crate lies in, from its first commit on.
#[derive(Debug)]
pub struct History {
    root: PathBuf,
}

impl History {
    /// Opens the history; `None` where the checkout has only the last commits of it.
    #[must_use]
    pub fn whole() -> Option<Self> {
        let history = Self { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../..") };
        (history.git(&["rev-parse", "--is-shallow-repository"]).trim() == "false").then_some(history)
    }

    /// The commit that a file came with; `None` if none added it to what was there before.
    #[must_use]
    pub fn commit_that_added(&self, path: &str) -> Option<String> {
        let added = self.git(&["log", "--diff-filter=A", "--format=%H %P", "--", path]);
        let (commit, parents) = added.lines().last()?.split_once(' ')?;
        (!parents.is_empty()).then(|| commit.to_owned())
    }

    /// The files that a commit added, changed or removed.
    #[must_use]
    pub fn files_changed_by(&self, commit: &str) -> Vec<String> {
        let changed = self.git(&["diff-tree", "--no-commit-id", "--no-renames", "--name-only", "-r", commit]);
        changed.lines().map(str::to_owned).collect()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let run = Command::new("git").arg("-C").arg(&self.root).args(arguments).output().expect("git starts");
        let told = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "git {} failed: {told}", arguments.join(" "));
        String::from_utf8(run.stdout).expect("paths are UTF-8")
    }
}
