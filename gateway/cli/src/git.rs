//! Files as they were at a revision of the repository that they stand in, by the command `git`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exit::Failure;

/// A commit, seen from a folder.
pub(crate) struct Revision {
    /// As the user wrote it.
    name: String,
    /// The commit's hash, so that no name can be taken for an option.
    commit: String,
    folder: PathBuf,
}

impl Revision {
    /// The commit that `name` stands for in the repository around `folder`.
    pub(crate) fn find(name: &str, folder: &Path) -> Result<Self, Failure> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let commit = format!("{name}^{{commit}}");
        let found = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        match found {
            Ok(commit) => Ok(Self {
                name: name.to_owned(),
                commit: commit.trim().to_owned(),
                folder: folder.to_owned(),
            }),
            Err(told) if told.is_empty() => Err(Failure::Usage(format!(
                "the revision `{name}` is not known in the repository around {}; is it fetched?",
                folder.display()
            ))),
            Err(told) => Err(Failure::Usage(format!("the revision `{name}` cannot be looked up: {told}"))),
        }
    }

    /// The text of a file at the revision; `path` begins with the folder.
    pub(crate) fn read(&self, what: &str, path: &Path) -> Result<String, Failure> {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        let object = format!("{}:./{}", self.commit, inside.display());
        git(&self.folder, &["show", &object])?.map_err(|told| {
            Failure::Usage(format!("the {what} {} cannot be read at {}: {told}", path.display(), self.name))
        })
    }
}

/// What git prints, or what it complains of.
fn git(folder: &Path, arguments: &[&str]) -> Result<Result<String, String>, Failure> {
    let run = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = run.map_err(|error| Failure::System(format!("git cannot be started: {error}")))?;
    if output.status.success() {
        let text = String::from_utf8(output.stdout);
        return Ok(text.map_err(|_| "it is not UTF-8".to_owned()));
    }
    Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
