//! `octavo check`: what a change of the subgraphs does to clients.
//!
//! Both sides are composed → their schemas are compared → the clients' operations are validated → all of it is printed.

mod operations;
mod report;
mod side;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use octavo_checks::Effect;

use crate::exit::Failure;
use report::Report;
use side::{Baseline, Composed};

/// Compare subgraphs with an earlier state, and say what breaks clients
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A YAML file that names the subgraphs
    #[arg(long, value_name = "FILE", default_value = "schema/supergraph.yaml")]
    config: PathBuf,
    /// The earlier state: a git revision, a folder that holds a file of the configuration's name, another
    /// configuration, a supergraph, or a client schema
    #[arg(long, value_name = "git:REV|DIR|FILE")]
    against: String,
    /// A folder with the clients' operations; `operations` beside the configuration if left out
    #[arg(long, value_name = "DIR")]
    operations: Option<PathBuf>,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// Workflow commands, which annotate a pull request
    Github,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let baseline = Baseline::read(&arguments.against, &arguments.config)?;
    let new = Composed::from_files(&arguments.config)?;
    let mut report = Report::new(&new);
    if let Some(api) = &new.api {
        report.changes = octavo_checks::check(baseline.side(), new.side(api));
        let folder = operations_folder(arguments)?;
        report.operations =
            folder.map(|folder| operations::check(&folder, api.text())).transpose()?.unwrap_or_default();
    }
    match arguments.format {
        Format::Text => report.print_text()?,
        Format::Json => report.print_json()?,
        Format::Github => report.print_github()?,
    }
    let breaking = report.changes_of(Effect::Breaking).count();
    if breaking == 0 && report.errors() == 0 {
        return Ok(());
    }
    let summary = report.summary();
    Err(Failure::Invalid(match (&new.api, breaking) {
        (None, _) => summary,
        (Some(_), 0) => format!("operations of clients are not valid: {summary}"),
        (Some(_), _) => format!("the change breaks clients: {summary}"),
    }))
}

fn operations_folder(arguments: &Arguments) -> Result<Option<PathBuf>, Failure> {
    match &arguments.operations {
        Some(folder) if folder.is_dir() => Ok(Some(folder.clone())),
        Some(folder) => {
            Err(Failure::Usage(format!("the folder of operations {} is not there", folder.display())))
        }
        None => {
            let beside = arguments.config.parent().unwrap_or(Path::new("")).join("operations");
            Ok(beside.is_dir().then_some(beside))
        }
    }
}
