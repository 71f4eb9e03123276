//! Proves that every query on the API schema can be answered.
//!
//! 1. Load the supergraph that was rendered.
//! 2. For each setting of override labels, walk from the roots over all fields that clients see, keeping for every object the
//!    places it can be had from.
//! 3. A field that no place resolves is an error, shown as the query that leads to it.
//!
//! A state whose places include those of an earlier one for the same type needs no second look, and the number of steps is
//! bounded.

mod explain;
mod moves;
mod place;
mod shared_types;
mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use octavo_diagnostics::Diagnostic;
use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

use crate::code::Code;
use crate::report::Report;
use crate::validate::MergedSchema;

/// Labels that are tried one by one; beyond, only none and all of them.
const LABELS_ALONE: usize = 8;

/// Checks the rendered supergraph.
pub(crate) fn satisfy(sdl: &str, schema: MergedSchema<'_, '_>, report: &mut Report) {
    let supergraph = match Supergraph::parse(sdl) {
        Ok(supergraph) => Arc::new(supergraph),
        Err(errors) => {
            for error in errors {
                let message = format!("the merged schema is not valid: {error}");
                report.push(Diagnostic::error(Code::InvalidGraphql.as_str(), message));
            }
            return;
        }
    };
    for labels in label_sets(&supergraph) {
        let graph = QueryGraph::new(Arc::clone(&supergraph), Labels(labels));
        walk::walk(&graph, schema, report);
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
