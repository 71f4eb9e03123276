//! An operation planned into fetches.
//!
//! A pure function of the query graph, the operation and the options: the same inputs give the same plan, byte for byte. It knows no
//! URL, no header and no clock.
//!
//! Pipeline: [`resolve`] walks the operation position by position and asks each field of the cheapest source, entering subgraphs
//! by the ways of [`reach`] → [`gather`] lets requests wait for each other → [`improve`] tries other choices within a budget of counted
//! steps, unless [`least`] says that none is better → [`emit`] writes documents, shapes and the order.

mod apart;
mod choose;
mod context;
mod decide;
mod emit;
mod enter;
mod error;
mod estimate;
mod gather;
mod improve;
mod least;
mod needed;
mod order;
mod part;
mod planner;
mod prices;
mod reach;
mod relax;
mod resolve;
mod resolve_abstract;
mod state;
mod tighten;
mod want;
mod weigh;

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;
use octavo_query_plan::QueryPlan;
use octavo_query_plan::print::Considered;

pub use error::PlanError;

/// Bounds of planning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// After how many steps no other choice is tried to make a plan cheaper: the best plan until then is taken. Counted, not
    /// timed, so that a plan never depends on a clock.
    pub steps: usize,
    /// Whether a deferred field is asked for in a request of its own even where the first part asks the same subgraph, so that the
    /// first part need not wait for it.
    pub apart: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: 20_000, apart: true }
    }
}

/// What planning took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The steps of the first walk.
    pub walk_steps: usize,
    /// The steps of the first walk and of all tries after it.
    pub steps: usize,
    /// How many requests no plan can do without, as far as is known.
    pub least_requests: usize,
    /// How many of them in a row.
    pub least_row: usize,
    /// By request: what was weighed for the fields that it is asked for.
    pub considered: Vec<Vec<Considered>>,
}

/// Plans an operation.
pub fn plan(graph: &QueryGraph, operation: &Operation, options: &Options) -> Result<QueryPlan, PlanError> {
    Ok(emit::emit(&improve::best(graph, operation, options)?.planner))
}

/// Plans an operation and says how.
pub fn explain(
    graph: &QueryGraph,
    operation: &Operation,
    options: &Options,
) -> Result<(QueryPlan, Explanation), PlanError> {
    let found = improve::best(graph, operation, options)?;
    let plan = emit::emit(&found.planner);
    let considered = improve::considered(&found, options);
    let least = least::least(&found.planner);
    let explanation = Explanation {
        walk_steps: found.walk_steps,
        steps: found.steps,
        least_requests: least.requests,
        least_row: least.level as usize,
        considered,
    };
    Ok((plan, explanation))
}
