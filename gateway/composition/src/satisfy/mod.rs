//! Proves that every query on the API schema can be answered.
//!
//! 1. Load the supergraph that was rendered.
//! 2. For each setting of override labels, walk from the roots over all fields that clients see, keeping for every object the
//!    places it can be had from.
//! 3. A field that no place resolves is an error, shown as the query that leads to it.
//!
//! A state whose places include those of an earlier one for the same type needs no second look, and the number of steps is
//! bounded.

mod contexts;
mod explain;
mod moves;
mod operation;
mod place;
mod reasons;
mod shared_types;
mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

use crate::report::Report;
use crate::validate::{MergedSchema, report_invalid};

/// Labels that are tried one by one; beyond, only none and all of them.
const LABELS_ALONE: usize = 8;

/// Steps of one walk.
const BUDGET: usize = 20_000_000;

/// Checks the rendered supergraph.
pub(crate) fn satisfy(sdl: &str, schema: MergedSchema<'_, '_>, report: &mut Report) {
    satisfy_within(BUDGET, sdl, schema, report);
}

fn satisfy_within(budget: usize, sdl: &str, schema: MergedSchema<'_, '_>, report: &mut Report) {
    let supergraph = match Supergraph::parse(sdl) {
        Ok(supergraph) => Arc::new(supergraph),
        Err(errors) => {
            for error in errors {
                report_invalid(schema, &error.to_string(), report);
            }
            return;
        }
    };
    for labels in label_sets(&supergraph) {
        let graph = QueryGraph::new(Arc::clone(&supergraph), Labels(labels.clone()));
        walk::walk(&graph, &labels, budget, schema, report);
        if report.has_errors() {
            return;
        }
    }
}

fn label_sets(supergraph: &Supergraph) -> Vec<BTreeSet<String>> {
    let fields = supergraph.types().iter().flat_map(|ty| &ty.fields);
    let joins = fields.flat_map(|field| &supergraph.field(*field).joins);
    let labels: BTreeSet<String> =
        joins.filter_map(|join| join.override_label).map(|label| supergraph.name(label).to_owned()).collect();
    let mut sets = vec![BTreeSet::new()];
    if !labels.is_empty() {
        if labels.len() > 1 && labels.len() <= LABELS_ALONE {
            sets.extend(labels.iter().map(|label| BTreeSet::from([label.clone()])));
        }
        sets.push(labels);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::{BUDGET, satisfy_within};
    use crate::report::Report;
    use crate::validate::MergedSchema;
    use crate::{SubgraphInput, emit, ingest, merge};

    /// Codes that a walk of so many steps finds.
    fn codes(budget: usize) -> Vec<&'static str> {
        let sdl = "type Query { first: A } type A { next: B } type B { next: C } type C { id: ID }";
        let mut report = Report::default();
        let parsed = ingest::parse(&[SubgraphInput { name: "a", url: "", sdl }], 1, &mut report);
        let subgraphs = ingest::upgrade(ingest::ingest(&parsed, 1, &mut report), &mut report);
        let merged = merge::merge(&subgraphs, &mut report);
        let schema = MergedSchema { subgraphs: &subgraphs, merged: &merged };
        satisfy_within(budget, &emit::supergraph(&merged, &subgraphs), schema, &mut report);
        report.into_diagnostics().iter().map(|found| found.code).collect()
    }

    #[test]
    fn a_walk_that_is_given_up_says_so() {
        assert_eq!(codes(2), ["MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"]);
        assert!(codes(BUDGET).is_empty());
    }
}
