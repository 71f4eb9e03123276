//! The corpus on disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::json::{self, JsonValue};

/// A folder with subgraphs and cases.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// Names of subgraphs, sorted.
    pub subgraphs: Vec<String>,
    /// Names of cases, sorted.
    pub cases: Vec<String>,
}

/// One operation on a suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suite's folder.
    pub suite: String,
    /// The case's name.
    pub name: String,
    /// The folder that holds the case's files.
    pub folder: PathBuf,
}

/// What stands beside the input of a case.
const CASE_FILES: [&str; 8] = [
    "graphql",
    "variables.json",
    "labels.json",
    "expected.json",
    "plan.txt",
    "requests.txt",
    "response.json",
    "payloads.txt",
];

/// All suites, by name.
pub fn suites() -> Result<Vec<Suite>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = names(root)?.into_iter().filter(|name| root.join(name).join("subgraphs").is_dir());
    folders.map(|name| Suite::read(root, name)).collect()
}

impl Suite {
    fn read(root: &Path, name: String) -> Result<Self> {
        let folder = root.join(&name);
        let subgraphs = stems(&folder.join("subgraphs"), ".graphql")?;
        let cases = stems(&folder.join("cases"), ".graphql")?;
        Ok(Self { name, folder, subgraphs, cases })
    }

    /// A folder of others, which has subgraphs and no cases in our form.
    pub(crate) fn foreign(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let subgraphs = stems(&folder.join("subgraphs"), ".graphql")?;
        Ok(Self { name, folder: folder.to_owned(), subgraphs, cases: Vec::new() })
    }

    /// The case of that name.
    pub fn case(&self, name: &str) -> Case {
        Case { suite: self.name.clone(), name: name.to_owned(), folder: self.folder.join("cases") }
    }

    /// The supergraph that another composer made, where ours refuses the subgraphs.
    pub(crate) fn given(&self) -> Result<Option<String>> {
        let path = self.folder.join("given.graphql");
        if path.exists() { read(&path).map(Some) } else { Ok(None) }
    }

    pub(crate) fn sdl(&self, subgraph: &str) -> Result<String> {
        read(&self.folder.join("subgraphs").join(format!("{subgraph}.graphql")))
    }

    pub(crate) fn data(&self, subgraph: &str) -> Result<JsonValue> {
        json::parse(&read(&self.folder.join("data").join(format!("{subgraph}.json")))?)
            .with_context(|| format!("data/{subgraph}.json"))
    }

    /// Fails on a file that belongs to no subgraph and no case: nobody would look at it again.
    pub(crate) fn no_file_is_orphaned(&self) -> Result<()> {
        let mut expected = BTreeSet::new();
        for case in &self.cases {
            expected.extend(CASE_FILES.iter().map(|file| format!("{case}.{file}")));
        }
        let mut orphans: Vec<String> =
            names(&self.folder.join("cases"))?.into_iter().filter(|name| !expected.contains(name)).collect();
        orphans.extend(
            stems(&self.folder.join("data"), ".json")?.into_iter().filter(|s| !self.subgraphs.contains(s)),
        );
        if orphans.is_empty() {
            return Ok(());
        }
        bail!("{}: {} without a case or subgraph of that name", self.name, orphans.join(", "))
    }
}

impl Case {
    /// The path of one of the case's files.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(format!("{}.{file}", self.name))
    }

    pub(crate) fn document(&self) -> Result<String> {
        read(&self.path("graphql"))
    }

    /// One of the case's files, if the case has it.
    pub(crate) fn optional(&self, file: &str) -> Result<Option<String>> {
        let path = self.path(file);
        if path.exists() { read(&path).map(Some) } else { Ok(None) }
    }

    pub(crate) fn expected(&self) -> Result<JsonValue> {
        json::parse(&read(&self.path("expected.json"))?).context("the expected response")
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn stems(folder: &Path, ending: &str) -> Result<Vec<String>> {
    let names = names(folder)?;
    Ok(names.iter().filter_map(|name| name.strip_suffix(ending)).map(str::to_owned).collect())
}
