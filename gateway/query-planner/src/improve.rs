//! Other choices, tried within a budget: the walk takes the cheapest option by estimate, which is not always the cheapest in the end.

use std::collections::BTreeMap;

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;

use crate::decide::{Decisions, Stop};
use crate::planner::Planner;
use crate::{Options, PlanError};

/// What a plan costs: requests after those of one subgraph at one level are joined, then the longest row of them, then the
/// fields that are asked of nobody, then the kinds of entities that are looked up, then the fields that are asked.
type Cost = (usize, u32, usize, usize, usize);

/// The best plan that was found, and what finding it took.
pub(crate) struct Found<'g> {
    pub(crate) planner: Planner<'g>,
    /// The steps of the first walk.
    pub(crate) walk_steps: usize,
    /// The steps of all tries.
    pub(crate) steps: usize,
}

/// The cheapest plan found: the walk's own, then the best of those in which one decision is changed, and so on until nothing
/// gets cheaper or the steps are used up.
pub(crate) fn best<'g>(
    graph: &'g QueryGraph,
    operation: &'g Operation,
    options: &Options,
) -> Result<Found<'g>, PlanError> {
    let mut planner = Planner::new(graph, operation, options, Decisions::default());
    match planner.resolve_operation() {
        Ok(()) => {}
        Err(Stop::Unplannable(error)) => return Err(error),
        Err(Stop::Spent) => unreachable!("the first walk may take as many steps as it needs"),
    }
    let walk_steps = planner.steps.get();
    let mut memory = std::mem::take(&mut planner.memory);
    let mut found = Found { planner, walk_steps, steps: walk_steps };
    let mut forced = BTreeMap::new();
    let mut best_cost = cost(&found.planner);
    let mut number = 0;
    while number < found.planner.decisions.made().len() {
        for option in 1..found.planner.decisions.made()[number] {
            let left = options.steps.saturating_sub(found.steps);
            // A try takes about as long as the first walk: one that could not end is not begun.
            if left < walk_steps {
                return Ok(found);
            }
            let mut other = forced.clone();
            other.insert(number, option);
            let mut candidate =
                Planner::new(graph, operation, options, Decisions::forced(other.clone(), left));
            candidate.memory = memory;
            let resolved = candidate.resolve_operation();
            memory = std::mem::take(&mut candidate.memory);
            found.steps += candidate.steps.get();
            if resolved.is_err() {
                continue;
            }
            let candidate_cost = cost(&candidate);
            if candidate_cost < best_cost {
                (found.planner, best_cost, forced) = (candidate, candidate_cost, other);
                break;
            }
        }
        number += 1;
    }
    Ok(found)
}

fn cost(planner: &Planner<'_>) -> Cost {
    let batches = crate::order::batches(planner);
    planner.count(planner.fetches.len());
    let level = planner.fetches.iter().map(|fetch| fetch.level).max().unwrap_or(0);
    let lookups = planner.fetches.iter().map(|fetch| fetch.representations.len()).sum();
    let fields = planner.nodes.iter().map(|node| node.fields.len()).sum();
    (batches.len(), level, planner.unasked, lookups, fields)
}
