//! Suites of others: composed, and each of their queries planned, on our composition and on the supergraph that they ship.
//!
//! A folder holds `subgraphs/NAME.graphql`, `supergraph.graphql`, and `tests.json`: a list of objects with a `query` and what is `expected`.
//! Only what ends in errors without data may be refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

use crate::coordinates::check;
use crate::corpus::Suite;
use crate::json::{self, JsonValue};
use crate::subgraph::SubgraphSchema;
use crate::suite::Composed;

/// Checks one folder, and gives how many plans were made. Each request of a plan is validated by its subgraph's own schema.
pub fn check_foreign(folder: &Path) -> Result<usize> {
    let suite = Suite::foreign(folder)?;
    let mut subgraphs = BTreeMap::new();
    for name in &suite.subgraphs {
        subgraphs.insert(name.clone(), SubgraphSchema::parse(&suite.sdl(name)?)?);
    }
    let shipped = fs::read_to_string(folder.join("supergraph.graphql")).context("supergraph.graphql")?;
    let queries = queries(folder)?;
    let mut failed = Vec::new();
    for (whose, sdl) in [("ours", &Composed::of(&suite)?.supergraph_sdl), ("theirs", &shipped)] {
        let Ok(supergraph) = Supergraph::parse(sdl) else { bail!("the supergraph ({whose}) cannot be read") };
        let graph = QueryGraph::new(Arc::new(supergraph), Labels::default());
        for Query { text, refused } in &queries {
            if let Err(error) = check(&graph, &subgraphs, text)
                && !refused
            {
                failed.push(format!("{whose}: {text}\n{error:#}"));
            }
        }
    }
    if failed.is_empty() { Ok(queries.len() * 2) } else { bail!(failed.join("\n\n")) }
}

struct Query {
    text: String,
    /// Whether it may be refused.
    refused: bool,
}

fn queries(folder: &Path) -> Result<Vec<Query>> {
    let tests = json::parse(&fs::read_to_string(folder.join("tests.json")).context("tests.json")?)?;
    let tests = tests.as_array().context("tests.json is a list")?;
    let query = |test: &JsonValue| {
        let expected = test.get("expected")?;
        let refused = expected.get("errors").is_some() && expected.get("data").is_none_or(JsonValue::is_null);
        Some(Query { text: test.get("query")?.as_str()?.to_owned(), refused })
    };
    tests.iter().map(|test| query(test).context("a test has a query")).collect()
}
