//! The repository as the rules see it: the files that git knows, and the members' manifests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, io};

use crate::manifest::Manifest;
use crate::rust_file::RustFile;

/// The root of the repository and the files below it.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    files: Vec<String>,
}

impl Workspace {
    /// Lists the repository that this crate lies in.
    ///
    /// # Panics
    /// When git cannot list it.
    #[must_use]
    pub fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().expect("the crate lies two folders below the root");
        let listed = Command::new("git").arg("-C").arg(&root).arg("ls-files").output().expect("git starts");
        assert!(listed.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
        let text = String::from_utf8(listed.stdout).expect("paths are UTF-8");
        // A file that was removed and not yet committed is listed, but not there.
        let files = text.lines().filter(|path| root.join(path).is_file()).map(str::to_owned).collect();
        Self { root, files }
    }

    /// Every committed path, from the root.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The text of a file; `None` when it is not UTF-8.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let read = fs::read_to_string(self.root.join(path));
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return None;
        }
        Some(read.expect("git lists files that can be read"))
    }

    /// Every Rust file but those made by a program, read once for all rules.
    #[must_use]
    pub fn rust_files(&self) -> &'static [RustFile] {
        static FILES: OnceLock<Vec<RustFile>> = OnceLock::new();
        FILES.get_or_init(|| {
            let rust = |path: &&String| {
                Path::new(path).extension().is_some_and(|kind| kind == "rs") && !path.contains("/generated/")
            };
            let read = |path: &String| Some(RustFile::new(path.clone(), self.text(path)?));
            self.files.iter().filter(rust).filter_map(read).collect()
        })
    }

    /// The manifests of all members.
    ///
    /// # Panics
    /// When one is not TOML.
    #[must_use]
    pub fn members(&self) -> Vec<Manifest> {
        let folders = self.files.iter().filter_map(|path| path.strip_suffix("/Cargo.toml"));
        folders.map(|folder| self.manifest(folder)).collect()
    }

    fn manifest(&self, folder: &str) -> Manifest {
        let path = format!("{folder}/Cargo.toml");
        let text = self.text(&path).unwrap_or_default();
        let parsed = Manifest::parse(folder.to_owned(), text);
        assert!(parsed.is_ok(), "{path} is not TOML: {parsed:?}");
        parsed.expect("was looked at right before")
    }
}
