//! A case taken through every stage.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use futures::executor::block_on;
use octavo_executor::{ExecutionRequest, IntrospectionPort, Ports, Prepared, execute};
use octavo_language::{CoercedVariables, Limits, ValidDocument, executable};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_query_plan::{Fetch, QueryPlan, print};
use octavo_query_planner::plan;
use octavo_supergraph::Supergraph;

use crate::corpus::{Case, Suite};
use crate::expectation::differences;
use crate::incremental;
use crate::json::{self, JsonValue};
use crate::snapshot::Snapshots;
use crate::subgraph::Subgraphs;
use crate::suite::Composed;

/// Runs a case, and compares what each stage makes of it with its snapshot, and the response with the expected one.
pub fn check_case(suite: &Suite, case: &Case) -> Result<()> {
    let supergraph =
        Supergraph::parse(&Composed::of(suite)?.supergraph_sdl).map_err(|e| many("supergraph", &e))?;
    let graph = QueryGraph::new(Arc::new(supergraph), labels(case)?);
    let supergraph = graph.supergraph();
    let document = ValidDocument::parse(supergraph.api_schema(), &case.document()?, Limits::OPERATION)
        .map_err(|e| many("operation", &e))?;
    let operation = document.operation(None)?;
    let bound = Operation::bind(supergraph, &document, operation).context("bind")?;
    let planned = plan(&graph, &bound, &octavo_query_planner::Options::default()).context("plan")?;
    let again = plan(&graph, &bound, &octavo_query_planner::Options::default()).context("plan again")?;
    let subgraphs = Subgraphs::of(suite)?;
    let request = Request::new(case, supergraph, &document, operation)?;
    let response = request.execute(&planned, &subgraphs)?;

    let mut findings = subgraphs.violations();
    if format!("{planned:?}") != format!("{again:?}") {
        findings.push("the plan is another one the second time".to_owned());
    }
    findings.extend(not_printed(&planned, &subgraphs)?);
    findings.extend(differences(&case.expected()?, &response, &subgraphs.asked()));
    let mut snapshots = Snapshots::default();
    let text = case.document()?;
    if text.contains("@defer") || text.contains("@stream") {
        let parts = InParts::run(suite, case, &graph, (&text, true))?;
        snapshots.compare(&case.path("plan.txt"), &parts.plan)?;
        snapshots.compare(&case.path("payloads.txt"), &parts.payloads)?;
        findings.extend(parts.findings(&response));
    } else {
        snapshots.compare(&case.path("plan.txt"), &print::to_text(&planned))?;
    }
    for seed in 0..CUTS {
        let cut = incremental::cut(&text, supergraph.api_schema().schema(), seed)?;
        let parts = InParts::run(suite, case, &graph, (&cut, false)).with_context(|| cut.clone())?;
        findings.extend(parts.findings(&response).into_iter().map(|finding| format!("{finding}\n{cut}")));
    }
    snapshots.compare(&case.path("requests.txt"), &subgraphs.requests())?;
    snapshots.compare(&case.path("response.json"), &json::pretty(&response)?)?;
    findings.extend(snapshots.into_findings());
    if findings.is_empty() { Ok(()) } else { bail!(findings.join("\n\n")) }
}

/// The requests that the printed plan does not show.
fn not_printed(planned: &QueryPlan, subgraphs: &Subgraphs) -> Result<Vec<String>> {
    let mut printed = Vec::new();
    requests_in(&json::parse(&print::to_json(planned))?, &mut printed);
    printed.extend(planned.fetches.iter().flat_map(repeated));
    let sent = subgraphs.documents().into_iter().filter(|request| !printed.contains(request));
    Ok(sent
        .map(|(subgraph, document)| format!("sent to {subgraph}, and not in the plan: {document}"))
        .collect())
}

/// A fetch's documents with copies of its `_entities` fields, for as many values of arguments from contexts as the suites have.
fn repeated(fetch: &Fetch) -> Vec<(String, String)> {
    let copies = (0..4).flat_map(|first| (0..4).map(move |second| [first, second]));
    copies.map(|copies| (fetch.subgraph.to_string(), fetch.document_with(&copies))).collect()
}

/// The subgraph and the document of each fetch in a printed plan.
fn requests_in(node: &JsonValue, found: &mut Vec<(String, String)>) {
    let text = |key| node.get(key).and_then(JsonValue::as_str).map(str::to_owned);
    found.extend(text("serviceName").zip(text("operation")));
    match node {
        JsonValue::Object(map) => map.iter().for_each(|(_, inner)| requests_in(inner, found)),
        JsonValue::Array(items) => items.iter().for_each(|inner| requests_in(inner, found)),
        _ => {}
    }
}

/// How often each case is cut into parts by chance.
const CUTS: u64 = 4;

/// An operation answered in parts.
struct InParts {
    plan: String,
    payloads: String,
    /// The data and the errors, in each format.
    wholes: Vec<incremental::Whole>,
    violations: Vec<String>,
}

impl InParts {
    fn run(suite: &Suite, case: &Case, graph: &QueryGraph, (text, apart): (&str, bool)) -> Result<Self> {
        let supergraph = graph.supergraph();
        let document = ValidDocument::parse(supergraph.api_schema(), text, Limits::OPERATION)
            .map_err(|e| many("operation in parts", &e))?;
        let operation = document.operation(None)?;
        let bound = Operation::bind_incremental(supergraph, &document, operation).context("bind in parts")?;
        let options = octavo_query_planner::Options { apart, ..octavo_query_planner::Options::default() };
        let planned = plan(graph, &bound, &options).context("plan in parts")?;
        let request = Request::new(case, supergraph, &document, operation)?;
        let (payloads, wholes, violations) =
            incremental::run(&planned, &request.execution(), suite, &request)?;
        Ok(Self { plan: print::to_text(&planned), payloads, wholes, violations })
    }

    /// What is wrong, given the response as a whole. What became null because of an error may be less in parts: a null ends at its part.
    fn findings(self, response: &JsonValue) -> Vec<String> {
        let mut findings = self.violations;
        let data = response.get("data").filter(|_| response.get("errors").is_none());
        let expected = incremental::errors_of(std::iter::once(response));
        for (whole, errors) in self.wholes {
            // A second null in an object that is lost is no news in the whole, and is in a part of its own.
            let follows =
                |error: &String| !expected.contains(error) && error.contains("is null, which its type");
            let errors: Vec<String> = errors.into_iter().filter(|error| !follows(error)).collect();
            if errors != expected {
                findings.push(format!(
                    "told:\n{errors:#?}\nexpected:\n{expected:#?}\n{}{}",
                    self.payloads, self.plan
                ));
            }
            if let Some(data) = data.filter(|data| **data != whole) {
                findings.push(format!(
                    "the parts are not the whole:\n{data}\n{whole}\n{}{}",
                    self.payloads, self.plan
                ));
            }
        }
        findings
    }
}

fn many<E: std::fmt::Display>(stage: &str, errors: &[E]) -> anyhow::Error {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow!("{stage}: {}", errors.join("\n"))
}

fn labels(case: &Case) -> Result<Labels> {
    let Some(text) = case.optional("labels.json")? else { return Ok(Labels::default()) };
    Ok(Labels(serde_json::from_str(&text)?))
}

/// A request of a client, and what answers its introspection.
struct Request<'r> {
    supergraph: &'r Supergraph,
    document: &'r ValidDocument,
    operation: &'r executable::Operation,
    variables: CoercedVariables,
}

impl<'r> Request<'r> {
    fn new(
        case: &Case,
        supergraph: &'r Supergraph,
        document: &'r ValidDocument,
        operation: &'r executable::Operation,
    ) -> Result<Self> {
        let variables = case.optional("variables.json")?;
        let variables =
            document.coerce_variables(supergraph.api_schema(), operation, variables.as_deref())?;
        Ok(Self { supergraph, document, operation, variables })
    }

    fn execution(&self) -> ExecutionRequest {
        ExecutionRequest { variables: self.variables.iter().collect(), ..ExecutionRequest::default() }
    }

    fn execute(&self, planned: &QueryPlan, subgraphs: &Subgraphs) -> Result<JsonValue> {
        let prepared = Prepared::new(Arc::new(planned.clone()), octavo_executor::Options::default());
        let ports = Ports { subgraphs, cache: None, introspection: self };
        let report = block_on(execute(&prepared, self.execution(), ports));
        let text = std::str::from_utf8(&report.body)?;
        json::parse(text).with_context(|| format!("the response is no JSON: {text}"))
    }
}

impl IntrospectionPort for Request<'_> {
    fn introspect(&self) -> std::result::Result<String, String> {
        let data = self.document.introspect(self.supergraph.api_schema(), self.operation, &self.variables);
        data.map_err(|error| error.message)
    }
}
