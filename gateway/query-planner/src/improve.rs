//! Other choices, tried within a budget: the walk takes the cheapest option by estimate, which is not always the cheapest in the end.

use std::collections::BTreeMap;

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;

use crate::decide::Decisions;
use crate::planner::Planner;
use crate::{Options, PlanError};

/// How many ways may be compared before no other choice is tried: large operations are planned with the walk's own choices.
const MOST_WORK: usize = 500_000;

/// What a plan costs: requests after those of one subgraph at one level are joined, then the longest row of them, then the
/// fields that are asked of nobody, then those that are asked.
type Cost = (usize, u32, usize, usize);

/// The cheapest plan found: the walk's own, then the best of those in which one decision is changed, and so on until nothing
/// gets cheaper or the tries are used up.
pub(crate) fn best<'g>(
    graph: &'g QueryGraph,
    operation: &'g Operation,
    options: &Options,
) -> Result<Planner<'g>, PlanError> {
    let mut forced = BTreeMap::new();
    let mut best = resolve(graph, operation, &forced)?;
    let mut best_cost = cost(&best);
    let mut tries = options.tries;
    let mut work = best.work.get();
    let mut number = 0;
    while number < best.decisions.made().len() && tries > 0 {
        for option in 1..best.decisions.made()[number] {
            if tries == 0 || work > MOST_WORK {
                return Ok(best);
            }
            tries -= 1;
            let mut other = forced.clone();
            other.insert(number, option);
            let Ok(candidate) = resolve(graph, operation, &other) else { continue };
            work += candidate.work.get();
            let candidate_cost = cost(&candidate);
            if candidate_cost < best_cost {
                (best, best_cost, forced) = (candidate, candidate_cost, other);
                break;
            }
        }
        number += 1;
    }
    Ok(best)
}

fn resolve<'g>(
    graph: &'g QueryGraph,
    operation: &'g Operation,
    forced: &BTreeMap<usize, usize>,
) -> Result<Planner<'g>, PlanError> {
    let mut planner = Planner::new(graph, operation, Decisions::forced(forced.clone()));
    planner.resolve_operation()?;
    Ok(planner)
}

fn cost(planner: &Planner<'_>) -> Cost {
    let batches = crate::order::batches(planner);
    let level = planner.fetches.iter().map(|fetch| fetch.level).max().unwrap_or(0);
    let fields = planner.nodes.iter().map(|node| node.fields.len()).sum();
    (batches.len(), level, planner.unasked, fields)
}
