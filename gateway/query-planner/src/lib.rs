//! An operation planned into fetches.
//!
//! A pure function of the query graph, the operation and the options: the same inputs give the same plan, byte for byte. It knows no
//! URL, no header and no clock.
//!
//! Pipeline: [`resolve`] walks the operation position by position and asks each field of the cheapest source, entering subgraphs
//! by the ways of [`reach`] → [`improve`] tries other choices within a budget → [`emit`] writes documents, shapes and the order.

mod decide;
mod emit;
mod enter;
mod estimate;
mod improve;
mod needed;
mod order;
mod planner;
mod reach;
mod resolve;
mod resolve_abstract;
mod state;
mod want;

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;
use octavo_query_plan::QueryPlan;

/// Bounds of planning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// How many other choices may be tried to make a plan cheaper. Counted, not timed, so that a plan never depends on a clock.
    pub tries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { tries: 64 }
    }
}

/// Why an operation cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No subgraph can be asked for something. Composition proves that this cannot be, so the supergraph was not composed, or edited.
    #[error("no subgraph can be asked for {what} at `{path}`; the supergraph is not satisfiable")]
    Unreachable {
        /// What cannot be had.
        what: String,
        /// The field names that lead to it.
        path: String,
    },
}

/// Plans an operation.
pub fn plan(graph: &QueryGraph, operation: &Operation, options: &Options) -> Result<QueryPlan, PlanError> {
    let resolved = improve::best(graph, operation, options)?;
    Ok(emit::emit(&resolved))
}
