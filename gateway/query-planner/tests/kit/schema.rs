//! Supergraphs written from a list of types, and operations bound to them.

use std::fmt::Write as _;
use std::sync::Arc;

use octavo_language::{Limits, ValidDocument};
use octavo_operation::Operation;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

/// The SDL of a supergraph with subgraphs `S0`, `S1`, … and these types.
pub(crate) fn supergraph(subgraphs: usize, types: &str) -> String {
    let mut sdl = String::from(
        r#"schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph {"#,
    );
    for graph in 0..subgraphs {
        let _ = write!(sdl, " S{graph} @join__graph(name: \"s{graph}\", url: \"\")");
    }
    let _ = write!(sdl, " }}\n{types}");
    sdl
}

/// `@join__type` for each of the subgraphs, with a key.
pub(crate) fn keyed(graphs: impl IntoIterator<Item = usize>, key: &str) -> String {
    let join = |graph| format!(" @join__type(graph: S{graph}, key: \"{key}\")");
    graphs.into_iter().map(join).collect::<Vec<_>>().concat()
}

/// `@join__type` for each of the subgraphs.
pub(crate) fn joined(graphs: impl IntoIterator<Item = usize>) -> String {
    graphs.into_iter().map(|graph| format!(" @join__type(graph: S{graph})")).collect::<Vec<_>>().concat()
}

/// `@join__field` for each of the subgraphs.
pub(crate) fn fields(graphs: impl IntoIterator<Item = usize>) -> String {
    graphs.into_iter().map(|graph| format!(" @join__field(graph: S{graph})")).collect::<Vec<_>>().concat()
}

/// The moves of a supergraph.
pub(crate) fn graph(sdl: &str) -> QueryGraph {
    let supergraph = Supergraph::parse(sdl).expect("the supergraph is valid");
    QueryGraph::new(Arc::new(supergraph), Labels::default())
}

/// An operation on it.
pub(crate) fn operation(graph: &QueryGraph, text: &str) -> Operation {
    let supergraph = graph.supergraph();
    let document = ValidDocument::parse(supergraph.api_schema(), text, Limits::OPERATION);
    let document = document.expect("the operation is valid");
    let operation = document.operation(None).expect("one operation");
    Operation::bind(supergraph, &document, operation).expect("it fits the supergraph")
}
