//! `octavo compose`: subgraphs become a supergraph.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use octavo_composition::{Composition, Options, SubgraphInput, compose};
use octavo_diagnostics::{Severity, Sources, render};

use crate::exit::Failure;
use crate::output::write_out;
use crate::subgraphs::{self, Subgraph, Tree};

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

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subgraphs = match &arguments.config {
        Some(config) => subgraphs::from_config(&Tree::Files, config)?,
        None => {
            arguments.subgraphs.iter().map(|text| subgraphs::from_text(text)).collect::<Result<_, _>>()?
        }
    };
    let inputs: Vec<SubgraphInput<'_>> = subgraphs.iter().map(Subgraph::input).collect();
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
        None => write_out(sdl),
    }
}

/// Prints findings: JSON to standard output, text to standard error.
fn tell(composition: &Composition, sources: &Sources<'_>, arguments: &Arguments) -> Result<(), Failure> {
    let diagnostics = &composition.diagnostics;
    match arguments.format {
        Format::Json => write_out(&render::json(diagnostics, sources)),
        Format::Text => {
            // What cannot be told to the terminal is still in the exit code.
            let _ = write!(anstream::stderr(), "{}", render::human(diagnostics, sources));
            Ok(())
        }
    }
}
