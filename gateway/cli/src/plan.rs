//! `octavo plan`: the plan of an operation, printed.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use octavo_diagnostics::render::human;
use octavo_diagnostics::{Diagnostic, Sources};
use octavo_language::{GraphqlError, Limits, Location, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{QueryPlan, print};
use serde_json::json;

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

/// Why an operation has no plan.
struct Finding {
    code: &'static str,
    message: String,
    location: Option<Location>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sdl = file::read("supergraph", &arguments.supergraph)?;
    let supergraph = assemble::supergraph(&arguments.supergraph.display().to_string(), &sdl)?;
    let graph = QueryGraph::new(Arc::new(supergraph), Labels::default());
    let text = file::read("operation", &arguments.operation)?;
    let name = arguments.operation.display().to_string();
    let refused = match (plan(&graph, &text, arguments.operation_name.as_deref()), arguments.format) {
        (Ok(plan), Format::Text) => return write(&print::to_text(&plan)),
        (Ok(plan), Format::Json) => return write(&print::to_json(&plan)),
        (Err(findings), Format::Text) => shown(&name, &text, findings),
        (Err(findings), Format::Json) => {
            write(&json(&findings))?;
            format!("the operation {name} has no plan: errors: {}", findings.len())
        }
    };
    Err(Failure::Invalid(refused))
}

fn write(text: &str) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout(), "{}", text.trim_end());
    written.map_err(|error| Failure::System(format!("standard output cannot be written: {error}")))
}

fn plan(graph: &QueryGraph, text: &str, operation: Option<&str>) -> Result<QueryPlan, Vec<Finding>> {
    let api = graph.supergraph().api_schema();
    let document = ValidDocument::parse(api, text, Limits::OPERATION).map_err(refused)?;
    let finding = |code, message| vec![Finding { code, message, location: None }];
    let operation = document.operation(operation).map_err(|error| {
        finding("OPERATION_RESOLUTION_FAILURE", format!("{}; see --operation-name", error.message))
    })?;
    let unplanned = |error: &dyn std::error::Error| finding("QUERY_PLANNING_FAILED", error.to_string());
    let bound = Operation::bind(graph.supergraph(), &document, operation).map_err(|e| unplanned(&e))?;
    let options = octavo_query_planner::Options::default();
    octavo_query_planner::plan(graph, &bound, &options).map_err(|e| unplanned(&e))
}

fn refused(errors: Vec<GraphqlError>) -> Vec<Finding> {
    // What follows a syntax error mostly follows from it.
    if let Some(GraphqlError { message, location, .. }) = errors.iter().find(|error| error.is_syntax).cloned()
    {
        return vec![Finding { code: "GRAPHQL_PARSE_FAILED", message, location }];
    }
    let finding = |GraphqlError { message, location, .. }| Finding {
        code: "GRAPHQL_VALIDATION_FAILED",
        message,
        location,
    };
    errors.into_iter().map(finding).collect()
}

fn shown(name: &str, text: &str, findings: Vec<Finding>) -> String {
    let diagnostic = |Finding { code, message, location }| {
        let span = location.map(|place: Location| place.offset..place.end_offset);
        Diagnostic::error(code, message).at(name, span, "")
    };
    let diagnostics: Vec<_> = findings.into_iter().map(diagnostic).collect();
    let sources: Sources<'_> = [(name, text)].into_iter().collect();
    let shown = human(&diagnostics, &sources);
    format!("the operation {name} has no plan\n\n{}", shown.trim_end())
}

/// The shape of what `octavo compose` prints for programs.
fn json(findings: &[Finding]) -> String {
    let error = |Finding { code, message, location }: &Finding| {
        let place = |place: &Location| json!({ "line": place.line, "column": place.column });
        let locations: Vec<_> = location.iter().map(place).collect();
        json!({ "code": code, "message": message, "locations": locations })
    };
    let errors: Vec<_> = findings.iter().map(error).collect();
    json!({ "errors": errors }).to_string()
}
