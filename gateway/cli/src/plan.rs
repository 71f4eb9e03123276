//! `octavo plan`: the plan of an operation, printed.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use octavo_diagnostics::render::human;
use octavo_diagnostics::{Diagnostic, Sources};
use octavo_language::{GraphqlError, Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{QueryPlan, print};

use crate::exit::Failure;
use crate::{assemble, file};

/// Print how an operation would be answered
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The composed schema
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// The operation
    #[arg(long, value_name = "FILE")]
    operation: PathBuf,
    /// Which operation of the file, if it holds several
    #[arg(long, value_name = "NAME")]
    operation_name: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sdl = file::read("supergraph", &arguments.supergraph)?;
    let supergraph = assemble::supergraph(&arguments.supergraph.display().to_string(), &sdl)?;
    let graph = QueryGraph::new(Arc::new(supergraph), Labels::default());
    let text = file::read("operation", &arguments.operation)?;
    let name = arguments.operation.display().to_string();
    let plan = plan(&graph, &name, &text, arguments.operation_name.as_deref())?;
    let printed = match arguments.format {
        Format::Text => print::to_text(&plan),
        Format::Json => print::to_json(&plan),
    };
    let written = writeln!(anstream::stdout(), "{}", printed.trim_end());
    written.map_err(|error| Failure::System(format!("the plan cannot be written: {error}")))
}

fn plan(graph: &QueryGraph, name: &str, text: &str, operation: Option<&str>) -> Result<QueryPlan, Failure> {
    let api = graph.supergraph().api_schema();
    let document =
        ValidDocument::parse(api, text, Limits::OPERATION).map_err(|errors| refused(name, text, &errors))?;
    let operation = document.operation(operation).map_err(|error| refused(name, text, &[error]))?;
    let failed = |error: &dyn std::error::Error| Failure::Invalid(format!("{name}: {error}"));
    let bound = Operation::bind(graph.supergraph(), &document, operation).map_err(|e| failed(&e))?;
    let options = octavo_query_planner::Options::default();
    octavo_query_planner::plan(graph, &bound, &options).map_err(|e| failed(&e))
}

fn refused(name: &str, text: &str, errors: &[GraphqlError]) -> Failure {
    let sources: Sources<'_> = [(name, text)].into_iter().collect();
    // What follows a syntax error mostly follows from it.
    let diagnostics: Vec<_> = match errors.iter().find(|error| error.is_syntax) {
        Some(syntax) => vec![diagnostic(name, syntax)],
        None => errors.iter().map(|error| diagnostic(name, error)).collect(),
    };
    let shown = human(&diagnostics, &sources);
    Failure::Invalid(format!("the operation {name} is not valid\n\n{}", shown.trim_end()))
}

fn diagnostic(name: &str, error: &GraphqlError) -> Diagnostic {
    let code = if error.is_syntax { "GRAPHQL_PARSE_FAILED" } else { "GRAPHQL_VALIDATION_FAILED" };
    let span = error.location.map(|place| place.offset..place.end_offset);
    Diagnostic::error(code, error.message.clone()).at(name, span, "")
}
