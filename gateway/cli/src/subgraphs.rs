//! The subgraphs that a command is given: by a configuration file or on its command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use octavo_composition::{Contract, SubgraphInput};
use serde::Deserialize;

use crate::exit::Failure;
use crate::file;
use crate::git::Revision;
use crate::schema_entry::SchemaEntry;

/// The configuration file, as other composers know it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupergraphConfig {
    /// Other tools choose their composer by it. Ours reads every version.
    #[serde(default, rename = "federation_version")]
    _federation_version: Option<serde::de::IgnoredAny>,
    subgraphs: BTreeMap<String, SubgraphEntry>,
    #[serde(default)]
    contracts: BTreeMap<String, ContractEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractEntry {
    #[serde(default)]
    include_tags: Vec<String>,
    #[serde(default)]
    exclude_tags: Vec<String>,
    #[serde(default)]
    hide_unreachable_types: bool,
    output: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubgraphEntry {
    #[serde(default)]
    routing_url: String,
    schema: SchemaEntry,
}

/// A subgraph, its schema read.
pub(crate) struct Subgraph {
    pub(crate) name: String,
    url: String,
    /// The file that the schema was read from, or where in the configuration it stands.
    pub(crate) file: String,
    pub(crate) sdl: String,
}

impl Subgraph {
    /// The subgraph as composition takes it.
    pub(crate) fn input(&self) -> SubgraphInput<'_> {
        SubgraphInput { name: &self.name, url: &self.url, sdl: &self.sdl }
    }
}

/// Where files are read.
pub(crate) enum Tree {
    /// As they are on the disk.
    Files,
    /// As they were committed.
    Revision(Revision),
}

impl Tree {
    /// The text of a file; `what` it is stands in the message.
    pub(crate) fn read(&self, what: &str, path: &Path) -> Result<String, Failure> {
        match self {
            Self::Files => file::read(what, path),
            Self::Revision(revision) => revision.read(what, path),
        }
    }
}

/// What a configuration file names.
pub(crate) struct Configured {
    pub(crate) subgraphs: Vec<Subgraph>,
    /// Each with the file that its supergraph goes to.
    pub(crate) contracts: Vec<(Contract, PathBuf)>,
}

/// Reads a configuration file, and the schemas beside it.
pub(crate) fn from_config(tree: &Tree, path: &Path) -> Result<Configured, Failure> {
    let text = tree.read("composition's configuration", path)?;
    let config: SupergraphConfig =
        file::parse_yaml("composition's configuration", &path.display().to_string(), &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let read = |(name, entry): (String, SubgraphEntry)| {
        let (file, sdl) = match entry.schema {
            SchemaEntry::File(file) => {
                let file = folder.join(file);
                (file.display().to_string(), tree.read("schema", &file)?)
            }
            SchemaEntry::Sdl(sdl) => (format!("{} (subgraphs.{name}.schema.sdl)", path.display()), sdl),
        };
        Ok(Subgraph { name, url: entry.routing_url, file, sdl })
    };
    let subgraphs = config.subgraphs.into_iter().map(read).collect::<Result<_, _>>()?;
    let contract = |(name, entry): (String, ContractEntry)| {
        let ContractEntry { include_tags, exclude_tags, hide_unreachable_types, output } = entry;
        (Contract { name, include_tags, exclude_tags, hide_unreachable_types }, folder.join(output))
    };
    Ok(Configured { subgraphs, contracts: config.contracts.into_iter().map(contract).collect() })
}

/// A subgraph of the form `NAME=FILE[=URL]`.
pub(crate) fn from_text(text: &str) -> Result<Subgraph, Failure> {
    let mut parts = text.splitn(3, '=');
    let (Some(name), Some(path)) = (parts.next(), parts.next()) else {
        return Err(Failure::Usage(format!("`{text}` is not of the form NAME=FILE[=URL]")));
    };
    let sdl = file::read("schema", Path::new(path))?;
    let url = parts.next().unwrap_or_default().to_owned();
    Ok(Subgraph { name: name.to_owned(), url, file: path.to_owned(), sdl })
}
