//! `octavo compose`: subgraphs become a supergraph.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use octavo_composition::{Composition, Options, SubgraphInput, compose};
use octavo_diagnostics::{Severity, Sources, render};
use serde::Deserialize;

use crate::exit::Failure;
use crate::file;

/// Compose subgraphs into a supergraph
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A YAML file that names the subgraphs
    #[arg(long, value_name = "FILE", conflicts_with = "subgraphs", required_unless_present = "subgraphs")]
    config: Option<PathBuf>,
    /// Where the supergraph goes; standard output if left out
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Subgraphs: name, schema file, and the URL of the service
    #[arg(value_name = "NAME=FILE[=URL]")]
    subgraphs: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The configuration file, as other composers know it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupergraphConfig {
    /// Other tools choose their composer by it. Ours reads every version.
    #[serde(default, rename = "federation_version")]
    _federation_version: Option<serde::de::IgnoredAny>,
    subgraphs: BTreeMap<String, SubgraphEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubgraphEntry {
    #[serde(default)]
    routing_url: String,
    schema: SchemaEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaEntry {
    file: PathBuf,
}

struct Subgraph {
    name: String,
    url: String,
    sdl: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subgraphs = match &arguments.config {
        Some(config) => from_config(config)?,
        None => arguments.subgraphs.iter().map(|text| from_text(text)).collect::<Result<_, _>>()?,
    };
    let inputs: Vec<SubgraphInput<'_>> = subgraphs
        .iter()
        .map(|subgraph| SubgraphInput { name: &subgraph.name, url: &subgraph.url, sdl: &subgraph.sdl })
        .collect();
    let composition = compose(&inputs, &Options::default());
    let sources: Sources<'_> = inputs.iter().map(|input| (input.name, input.sdl)).collect();
    tell(&composition, &sources, arguments)?;
    let Some(sdl) = &composition.supergraph_sdl else {
        let errors = composition.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        return Err(Failure::Invalid(format!("the subgraphs do not compose: errors: {errors}")));
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, sdl).map_err(|error| {
            Failure::System(format!("the supergraph cannot be written to {}: {error}", path.display()))
        }),
        None if arguments.format == Format::Json => Ok(()),
        None => print(sdl),
    }
}

/// Prints findings: JSON to standard output, text to standard error.
fn tell(composition: &Composition, sources: &Sources<'_>, arguments: &Arguments) -> Result<(), Failure> {
    let diagnostics = &composition.diagnostics;
    match arguments.format {
        Format::Json => print(&render::json(diagnostics, sources)),
        Format::Text => {
            // What cannot be told to the terminal is still in the exit code.
            let _ = write!(anstream::stderr(), "{}", render::human(diagnostics, sources));
            Ok(())
        }
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout(), "{}", text.trim_end());
    written.map_err(|error| Failure::System(format!("standard output cannot be written: {error}")))
}

fn from_config(path: &Path) -> Result<Vec<Subgraph>, Failure> {
    let text = file::read("composition's configuration", path)?;
    let config: SupergraphConfig =
        file::parse_yaml("composition's configuration", &path.display().to_string(), &text)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let read = |(name, entry): (String, SubgraphEntry)| {
        let sdl = file::read("schema", &folder.join(&entry.schema.file))?;
        Ok(Subgraph { name, url: entry.routing_url, sdl })
    };
    config.subgraphs.into_iter().map(read).collect()
}

fn from_text(text: &str) -> Result<Subgraph, Failure> {
    let mut parts = text.splitn(3, '=');
    let (Some(name), Some(path)) = (parts.next(), parts.next()) else {
        return Err(Failure::Usage(format!("`{text}` is not of the form NAME=FILE[=URL]")));
    };
    let sdl = file::read("schema", Path::new(path))?;
    Ok(Subgraph { name: name.to_owned(), url: parts.next().unwrap_or_default().to_owned(), sdl })
}
