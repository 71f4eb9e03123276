//! Plans are minimal: held beside a search through all of them, on small supergraphs by chance.
//!
//! The search (`kit/search.rs`) knows nothing of the planner. It also judges each plan: its requests must have all that is asked.

use std::collections::BTreeMap;

use octavo_query_plan::{FetchContent, QueryPlan};
use octavo_query_planner::{Explanation, Options, PlanError, explain};

#[path = "kit/chance.rs"]
mod chance;
#[path = "kit/puzzle.rs"]
mod puzzle;
#[path = "kit/schema.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod schema;
#[path = "kit/search.rs"]
mod search;

use puzzle::Puzzle;
use search::{Cost, Plan, Search};

/// As many puzzles as can be answered are looked at.
const PUZZLES: usize = 400;

fn planned(puzzle: &Puzzle) -> Result<(QueryPlan, Explanation), PlanError> {
    let graph = schema::graph(&puzzle.sdl());
    let operation = schema::operation(&graph, &puzzle.operation());
    explain(&graph, &operation, &Options::default())
}

/// The subgraphs that are asked in each step, and what that costs.
fn steps_of(plan: &QueryPlan) -> (Plan, Cost) {
    let mut step = BTreeMap::new();
    let mut steps: Plan = Vec::new();
    for (id, fetch) in plan.fetches.iter_with_ids() {
        let own = fetch.after.iter().map(|before| step[before] + 1).max().unwrap_or(0);
        assert_eq!(own == 0, matches!(fetch.content, FetchContent::Root(_)), "the root is asked first");
        step.insert(id, own);
        steps.resize(steps.len().max(own + 1), 0);
        let graph: usize = fetch.subgraph[1..].parse().expect("subgraphs are numbered");
        steps[own] |= 1 << graph;
    }
    let cost = (plan.fetches.len(), steps.len());
    (steps, cost)
}

#[test]
fn plans_are_minimal() {
    let (mut seen, mut minimal, mut varied, mut known) = (0, 0, 0, 0);
    let mut lost = Vec::new();
    for seed in 1.. {
        if seen == PUZZLES {
            break;
        }
        let puzzle = Puzzle::new(seed);
        let search = Search::new(&puzzle);
        let costs = if puzzle.wanted.is_empty() { Vec::new() } else { search.costs() };
        let Some(&least) = costs.first() else { continue };
        // At least half of them leave much to choose from.
        let is_varied = costs.len() >= 3;
        if !is_varied && seen - varied >= PUZZLES / 2 {
            continue;
        }
        seen += 1;
        let (ours, told) = planned(&puzzle).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let (steps, cost) = steps_of(&ours);
        assert!(search.answers(&steps), "seed {seed}: the plan {steps:?} does not have all that is asked");
        assert!(cost >= least, "seed {seed}: the search missed a plan of {cost:?}");
        let counted = (told.least_requests, told.least_row);
        assert!(counted.0 <= least.0, "seed {seed}: {least:?} does with less than {counted:?}");
        assert!(
            costs.iter().all(|(_, row)| counted.1 <= *row),
            "seed {seed}: {costs:?} have shorter rows than {counted:?}"
        );
        known += usize::from(counted.0 == least.0);
        varied += usize::from(is_varied);
        minimal += usize::from(cost == least);
        if cost != least {
            lost.push((seed, cost, least));
        }
    }
    let share = |part: usize| part * 1_000 / seen;
    println!(
        "minimal: {minimal} of {seen}; with three or more plans of different cost: {varied}; not minimal: {lost:?}"
    );
    assert!(share(varied) >= 500, "only {varied} of {seen} puzzles have three plans of different cost");
    assert!(share(known) >= 700, "only for {known} of {seen} the least number of requests was counted");
    assert!(share(minimal) >= 990, "{lost:?} cost more than the least");
}
