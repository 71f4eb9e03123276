//! `octavo compose`: subgraphs become a supergraph.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use octavo_composition::{Contract, ContractVariant, Options, SubgraphInput, compose};
use octavo_diagnostics::{Diagnostic, Severity, Sources, render};

use crate::exit::Failure;
use crate::output::write_out;
use crate::subgraphs::{self, Configured, Subgraph, Tree};

/// Compose subgraphs into a supergraph
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A YAML file that names the subgraphs
    #[arg(long, value_name = "FILE", conflicts_with = "subgraphs")]
    config: Option<PathBuf>,
    /// Where the supergraph goes; standard output if left out (which has the findings alone under `--format json`)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show clients only what has this tag, on itself or on its type (may repeat)
    #[arg(long = "include-tag", value_name = "TAG")]
    include_tags: Vec<String>,
    /// Hide from clients whatever has this tag (may repeat)
    #[arg(long = "exclude-tag", value_name = "TAG")]
    exclude_tags: Vec<String>,
    /// Hide from clients the types that no operation can reach
    #[arg(long)]
    hide_unreachable_types: bool,
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
    let Configured { subgraphs, contracts } = configured(arguments)?;
    let inputs: Vec<SubgraphInput<'_>> = subgraphs.iter().map(Subgraph::input).collect();
    let (contracts, outputs): (Vec<Contract>, Vec<PathBuf>) = contracts.into_iter().unzip();
    check_outputs(arguments, &outputs, &subgraphs)?;
    // A contract of the command line comes last, and takes the place of the whole.
    let own = arguments.contract();
    let replaced = own.is_some();
    let options = Options { contracts: contracts.into_iter().chain(own).collect() };
    let mut composition = compose(&inputs, &options);
    let found = composition.contracts.iter_mut().flat_map(|variant| variant.diagnostics.drain(..));
    composition.diagnostics.extend(found);
    // What stops a composition comes before what does not.
    composition.diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
    let sources: Sources<'_> = inputs.iter().map(|input| (input.name, input.sdl)).collect();
    tell(&composition.diagnostics, &sources, arguments)?;
    let errors = composition.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let Some(whole) = composition.supergraph_sdl else {
        return Err(Failure::Invalid(format!("the subgraphs do not compose: errors: {errors}")));
    };
    let mut variants = composition.contracts;
    let refused = variants.iter().filter(|variant| variant.supergraph_sdl.is_none());
    let refused: Vec<String> = refused.map(|variant| format!("`{}`", variant.name)).collect();
    let main = if replaced { variants.pop().and_then(|variant| variant.supergraph_sdl) } else { Some(whole) };
    write_all(arguments, main, variants.into_iter().zip(&outputs))?;
    if refused.is_empty() {
        return Ok(());
    }
    let named = refused.join(", ");
    Err(Failure::Invalid(format!("contracts that leave no valid schema: {named}; errors: {errors}")))
}

/// Writes each supergraph that there is to where it goes.
fn write_all<'o>(
    arguments: &Arguments,
    main: Option<String>,
    contracts: impl Iterator<Item = (ContractVariant, &'o PathBuf)>,
) -> Result<(), Failure> {
    for (variant, path) in contracts {
        if let Some(sdl) = variant.supergraph_sdl {
            write_file(path, &sdl)?;
        }
    }
    match (&arguments.output, main) {
        (Some(path), Some(main)) => write_file(path, &main),
        (None, Some(main)) if arguments.format == Format::Text => write_out(&main),
        _ => Ok(()),
    }
}

/// Every supergraph needs a file of its own, and none is written over what it is made of.
fn check_outputs(arguments: &Arguments, outputs: &[PathBuf], subgraphs: &[Subgraph]) -> Result<(), Failure> {
    let mut taken: Vec<(PathBuf, &str)> = Vec::new();
    let sources = subgraphs.iter().map(|subgraph| (Path::new(&subgraph.file), "is a subgraph's schema"));
    let config = arguments.config.iter().map(|config| (config.as_path(), "is the configuration"));
    for (path, what) in sources.chain(config) {
        taken.push((resolved(path), what));
    }
    for path in arguments.output.iter().chain(outputs) {
        let file = resolved(path);
        if let Some((_, what)) = taken.iter().find(|(known, _)| *known == file) {
            return Err(Failure::Usage(format!("the output {} {what}: name another file", path.display())));
        }
        taken.push((file, "is the output of another supergraph"));
    }
    Ok(())
}

/// The file that a path leads to, whether it is there or not.
fn resolved(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(|folder| folder.canonicalize().ok());
    match (whole.canonicalize(), folder, whole.file_name()) {
        (Ok(file), ..) => file,
        (Err(_), Some(folder), Some(name)) => folder.join(name),
        _ => whole,
    }
}

fn configured(arguments: &Arguments) -> Result<Configured, Failure> {
    if let Some(config) = &arguments.config {
        return subgraphs::from_config(&Tree::Files, config);
    }
    if arguments.subgraphs.is_empty() {
        let how = "NAME=FILE[=URL] for each, such as `books=books.graphql`, or `--config FILE`";
        return Err(Failure::Usage(format!("there is no subgraph to compose: give {how}")));
    }
    let named = arguments.subgraphs.iter().map(|text| subgraphs::from_text(text));
    Ok(Configured { subgraphs: named.collect::<Result<_, _>>()?, contracts: Vec::new() })
}

impl Arguments {
    /// The contract that the flags describe.
    fn contract(&self) -> Option<Contract> {
        let contract = Contract {
            name: "of the command line".to_owned(),
            include_tags: self.include_tags.clone(),
            exclude_tags: self.exclude_tags.clone(),
            hide_unreachable_types: self.hide_unreachable_types,
        };
        let asked =
            self.hide_unreachable_types || !(self.include_tags.is_empty() && self.exclude_tags.is_empty());
        asked.then_some(contract)
    }
}

fn write_file(path: &Path, sdl: &str) -> Result<(), Failure> {
    std::fs::write(path, sdl).map_err(|error| {
        Failure::System(format!("the supergraph cannot be written to {}: {error}", path.display()))
    })
}

/// Prints findings: JSON to standard output, text to standard error.
fn tell(diagnostics: &[Diagnostic], sources: &Sources<'_>, arguments: &Arguments) -> Result<(), Failure> {
    match arguments.format {
        Format::Json => write_out(&render::json(diagnostics, sources)),
        Format::Text => {
            // What cannot be told to the terminal is still in the exit code.
            let _ = write!(anstream::stderr(), "{}", render::human(diagnostics, sources));
            Ok(())
        }
    }
}
