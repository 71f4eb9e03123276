//! The two sides of a check.

use std::path::Path;

use octavo_checks::Side;
use octavo_composition::{Composition, Options, SubgraphInput, compose};
use octavo_diagnostics::{Diagnostic, Severity};
use octavo_language::{Limits, TypeSystemDocument};

use crate::assemble;
use crate::exit::Failure;
use crate::file;
use crate::git::Revision;
use crate::subgraphs::{Configured, Subgraph, Tree, from_config};

/// Subgraphs, and what composition makes of them.
pub(super) struct Composed {
    pub(super) subgraphs: Vec<Subgraph>,
    documents: Vec<TypeSystemDocument>,
    /// The client schema; `None` when they do not compose.
    pub(super) api: Option<TypeSystemDocument>,
    /// What composition found, at the files of the subgraphs.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Composed {
    pub(super) fn from_files(config: &Path) -> Result<Self, Failure> {
        Ok(Self::new(from_config(&Tree::Files, config)?.subgraphs))
    }

    fn new(subgraphs: Vec<Subgraph>) -> Self {
        let inputs: Vec<SubgraphInput<'_>> = subgraphs.iter().map(Subgraph::input).collect();
        let Composition { api_sdl, mut diagnostics, .. } = compose(&inputs, &Options::default());
        for label in diagnostics.iter_mut().flat_map(|diagnostic| &mut diagnostic.labels) {
            if let Some(subgraph) = subgraphs.iter().find(|subgraph| subgraph.name == label.source) {
                label.source.clone_from(&subgraph.file);
            }
        }
        let parse = |name: &str, text: &str| TypeSystemDocument::parse(name, text, Limits::SCHEMA).ok();
        let api = api_sdl.and_then(|sdl| parse("the client schema", &sdl));
        let documents = subgraphs.iter().filter_map(|one| parse(&one.name, &one.sdl)).collect();
        Self { subgraphs, documents, api, diagnostics }
    }

    pub(super) fn side<'s>(&'s self, api: &'s TypeSystemDocument) -> Side<'s> {
        Side { api, subgraphs: &self.documents }
    }
}

/// The earlier state.
pub(super) struct Baseline {
    api: TypeSystemDocument,
    subgraphs: Vec<TypeSystemDocument>,
}

impl Baseline {
    /// Reads what `--against` names.
    pub(super) fn read(against: &str, config: &Path) -> Result<Self, Failure> {
        if let Some(name) = against.strip_prefix("git:") {
            let revision = Revision::find(name, config.parent().unwrap_or(Path::new("")))?;
            return Self::composed(against, from_config(&Tree::Revision(revision), config)?);
        }
        let path = Path::new(against);
        if path.is_dir() {
            let name = config.file_name().unwrap_or(config.as_os_str());
            return Self::composed(against, from_config(&Tree::Files, &path.join(name))?);
        }
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            return Self::composed(against, from_config(&Tree::Files, path)?);
        }
        Self::schema(against, &file::read("schema to compare with", path)?)
    }

    pub(super) fn side(&self) -> Side<'_> {
        Side { api: &self.api, subgraphs: &self.subgraphs }
    }

    fn composed(against: &str, Configured { subgraphs, .. }: Configured) -> Result<Self, Failure> {
        let Composed { documents, api, diagnostics, .. } = Composed::new(subgraphs);
        let Some(api) = api else {
            let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
            let first = errors.map(|error| error.message.as_str()).next().unwrap_or("no reason is known");
            return Err(Failure::Usage(format!(
                "there is nothing to compare with: the subgraphs of {against} do not compose: {first}"
            )));
        };
        Ok(Self { api, subgraphs: documents })
    }

    /// A supergraph, told by its join vocabulary, or a client schema.
    fn schema(name: &str, text: &str) -> Result<Self, Failure> {
        let is_supergraph = text.contains("join__Graph");
        let printed;
        let text = if is_supergraph {
            printed = assemble::loaded(name, text)?.api_sdl();
            &printed
        } else {
            text
        };
        let api = TypeSystemDocument::parse(name, text, Limits::SCHEMA).map_err(|errors| {
            let first = errors.first().map_or_else(String::new, |error| {
                let place =
                    error.location.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
                format!("{name}{place}: {}", error.message)
            });
            Failure::Usage(format!("the schema to compare with is not valid: {first}"))
        })?;
        Ok(Self { api, subgraphs: Vec::new() })
    }
}
