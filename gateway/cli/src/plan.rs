//! `octavo plan`: the plan of an operation, printed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{QueryPlan, print};
use octavo_query_planner::explain;

use crate::exit::Failure;
use crate::finding::{self, Finding};
use crate::output::write_out;
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
    /// An override label that holds (may repeat)
    #[arg(long, value_name = "LABEL")]
    override_label: Vec<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Say of each request what it is for, by which key and after which others, and what else was weighed
    #[arg(long)]
    explain: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    /// A flowchart
    Mermaid,
}

impl Format {
    fn plan(self, plan: &QueryPlan) -> String {
        match self {
            Self::Text => print::to_text(plan),
            Self::Json => print::to_json(plan),
            Self::Mermaid => print::to_mermaid(plan),
        }
    }

    fn explained(self, plan: &QueryPlan, considered: &[Vec<print::Considered>]) -> String {
        let explanation = || print::explanation(plan, considered);
        match self {
            Self::Text => format!("{}\n{}", print::to_text(plan), explanation()),
            Self::Json => print::to_json_explained(plan, considered),
            Self::Mermaid => {
                let comments: Vec<_> = explanation().lines().map(|line| format!("%% {line}\n")).collect();
                format!("{}{}", print::to_mermaid(plan), comments.concat())
            }
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sdl = file::read("supergraph", &arguments.supergraph)?;
    let supergraph = assemble::supergraph(&arguments.supergraph.display().to_string(), &sdl)?;
    let labels = Labels(arguments.override_label.iter().cloned().collect());
    let graph = QueryGraph::new(Arc::new(supergraph), labels);
    let text = file::read("operation", &arguments.operation)?;
    let name = arguments.operation.display().to_string();
    let refused = match (printed(&graph, &text, arguments), arguments.format) {
        (Ok(printed), _) => return write_out(&printed),
        (Err(findings), Format::Text | Format::Mermaid) => {
            format!("the operation {name} has no plan\n\n{}", finding::shown(&name, &text, findings))
        }
        (Err(findings), Format::Json) => {
            write_out(&finding::json(&findings))?;
            format!("the operation {name} has no plan: errors: {}", findings.len())
        }
    };
    Err(Failure::Invalid(refused))
}

/// The plan of the operation in a text, explained if that was asked for.
fn printed(graph: &QueryGraph, text: &str, arguments: &Arguments) -> Result<String, Vec<Finding>> {
    let bound = bind(graph, text, arguments.operation_name.as_deref())?;
    let options = octavo_query_planner::Options::default();
    if arguments.explain {
        let (plan, explanation) = explain(graph, &bound, &options).map_err(|e| unplanned(&e))?;
        return Ok(arguments.format.explained(&plan, &explanation.considered));
    }
    let plan = octavo_query_planner::plan(graph, &bound, &options).map_err(|e| unplanned(&e))?;
    Ok(arguments.format.plan(&plan))
}

fn bind(graph: &QueryGraph, text: &str, operation: Option<&str>) -> Result<Operation, Vec<Finding>> {
    let api = graph.supergraph().api_schema();
    let document = ValidDocument::parse(api, text, Limits::OPERATION).map_err(finding::refused)?;
    let operation = document.operation(operation).map_err(|error| {
        refusal("OPERATION_RESOLUTION_FAILURE", format!("{}; see --operation-name", error.message))
    })?;
    Operation::bind_incremental(graph.supergraph(), &document, operation).map_err(|e| unplanned(&e))
}

fn unplanned(error: &dyn std::error::Error) -> Vec<Finding> {
    refusal("QUERY_PLANNING_FAILED", error.to_string())
}

fn refusal(code: &'static str, message: String) -> Vec<Finding> {
    vec![Finding { code, message, location: None }]
}
