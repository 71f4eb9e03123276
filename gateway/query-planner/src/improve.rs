//! Other plans, tried within a budget: the walk takes the cheapest option by estimate, which is not always the cheapest in the end.
//!
//! 1. The walk is taken again, knowing which requests its plan makes anyway, so that each field is asked in one of them if it can be.
//! 2. It is taken again without one of the requests, then without two of them.
//! 3. Each of its decisions is taken otherwise.
//!
//! Whatever makes the plan cheaper is kept, and everything is tried again from there.

use std::collections::{BTreeMap, BTreeSet};

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;
use octavo_query_plan::print::Considered;
use octavo_supergraph::SubgraphId;

use crate::decide::{Decisions, Stop};
use crate::estimate::Memory;
use crate::planner::Planner;
use crate::prices::{Bias, Leaving};
use crate::{Options, PlanError};

/// What a plan costs: requests after those of one subgraph at one level are joined, then the longest row of them, then the
/// fields that are asked of nobody, then the kinds of entities that are looked up, then the fields that are asked.
type Cost = (usize, u32, usize, usize, usize);

/// For how many tries there must be steps left for another to begin.
const TRIES_LEFT: usize = 4;
/// How many of a plan's requests are tried to be done without: no more tries than that fit in any budget.
const MOST_MADE: usize = 64;
/// How many requests that a plan does not make are tried.
const MOST_OTHERS: usize = 64;

/// The best plan that was found, and what finding it took.
pub(crate) struct Found<'g> {
    pub(crate) planner: Planner<'g>,
    /// The steps of the first walk.
    pub(crate) walk_steps: usize,
    /// The steps of all tries.
    pub(crate) steps: usize,
    /// How the plan was found.
    attempt: Attempt,
}

/// How a walk is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Attempt {
    bias: Bias,
    /// By number of the decision: the option to take instead of the cheapest.
    forced: BTreeMap<usize, usize>,
}

/// The cheapest plan found before the steps are used up.
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
    let cost = cost(&planner);
    let memory = std::mem::take(&mut planner.memory);
    let found = Found { planner, walk_steps, steps: walk_steps, attempt: Attempt::default() };
    let mut search = Search { options, found, cost, memory };
    while search.is_worth_it() && search.tries_something_better() {}
    Ok(search.found)
}

struct Search<'g, 'o> {
    options: &'o Options,
    found: Found<'g>,
    cost: Cost,
    /// What is known whatever is expected.
    memory: Memory<'g>,
}

impl Search<'_, '_> {
    /// Whether the plan might be made cheaper, and enough steps are left: a try takes about as many as the first walk, and the larger
    /// the operation, the less is gained by one of them.
    fn is_worth_it(&self) -> bool {
        let (requests, level, ..) = self.cost;
        let least = requests <= self.found.planner.needed.len().max(1) && level <= 2;
        !least && self.left() / TRIES_LEFT >= self.found.walk_steps
    }

    fn left(&self) -> usize {
        self.options.steps.saturating_sub(self.found.steps)
    }

    /// Tries until something is better than the best plan; false when nothing is, or the steps are used up.
    fn tries_something_better(&mut self) -> bool {
        let made: Vec<Leaving> = requests(&self.found.planner).into_iter().take(MOST_MADE).collect();
        let one: Vec<Vec<Leaving>> = made.iter().rev().map(|&request| vec![request]).collect();
        let rest = |at: usize| made[at + 1..].iter().copied();
        let pair = |(at, &first): (usize, &Leaving)| rest(at).map(move |second| vec![first, second]);
        let two: Vec<Vec<Leaving>> = made.iter().enumerate().flat_map(pair).collect();
        let other: Vec<Option<Leaving>> = self.other_requests(&made).into_iter().map(Some).collect();
        let nothing = [Vec::new()];
        self.tries_without(&made, &nothing, &[None])
            || self.tries_without(&made, &one, &[None])
            || self.tries_otherwise()
            || self.tries_without(&made, &two, &[None])
            || self.tries_without(&made, &one, &other)
            || self.tries_without(&made, &two, &other)
    }

    /// Requests that the plan does not make, but could: of each step, to each subgraph that resolves a field beside others.
    fn other_requests(&self, made: &[Leaving]) -> Vec<Leaving> {
        let at = |&subgraph: &SubgraphId| (2..=self.cost.1 + 1).map(move |level| (subgraph, level));
        let all = self.found.planner.alternatives.iter().flat_map(at);
        all.filter(|request| !made.contains(request)).take(MOST_OTHERS).collect()
    }

    /// Walks that expect the requests of the best plan, and one more, and are to do without some of them.
    fn tries_without(
        &mut self,
        made: &[Leaving],
        without: &[Vec<Leaving>],
        more: &[Option<Leaving>],
    ) -> bool {
        for (avoided, more) in without.iter().flat_map(|avoided| more.iter().map(move |more| (avoided, more)))
        {
            if !self.is_worth_it() {
                return false;
            }
            let avoided: BTreeSet<_> = avoided.iter().copied().collect();
            let kept = made.iter().filter(|request| !avoided.contains(request));
            let expected = kept.chain(more).copied().collect();
            let attempt = Attempt { bias: Bias { expected, avoided }, forced: BTreeMap::new() };
            if self.is_better(attempt) {
                return true;
            }
        }
        false
    }

    /// Walks in which one decision of the best is taken otherwise.
    fn tries_otherwise(&mut self) -> bool {
        let made = self.found.planner.decisions.made().to_vec();
        let others = made
            .iter()
            .enumerate()
            .flat_map(|(number, &options)| (1..options).map(move |option| (number, option)));
        for (number, option) in others {
            if !self.is_worth_it() {
                return false;
            }
            let mut attempt = self.found.attempt.clone();
            attempt.forced.insert(number, option);
            if self.is_better(attempt) {
                return true;
            }
        }
        false
    }

    /// Takes a walk; keeps it if its plan is better than the best.
    fn is_better(&mut self, attempt: Attempt) -> bool {
        let best = &self.found.planner;
        let decisions = Decisions::forced(attempt.forced.clone(), self.left());
        let mut candidate = Planner::new(best.graph, best.operation, self.options, decisions);
        candidate.bias(&attempt.bias);
        let unbiased = attempt.bias == Bias::default();
        if unbiased {
            candidate.memory = std::mem::take(&mut self.memory);
        }
        let resolved = candidate.resolve_operation();
        if unbiased {
            self.memory = std::mem::take(&mut candidate.memory);
        }
        self.found.steps += candidate.steps.get();
        if resolved.is_err() {
            return false;
        }
        let cost = cost(&candidate);
        if cost >= self.cost {
            return false;
        }
        (self.found.planner, self.cost, self.found.attempt) = (candidate, cost, attempt);
        true
    }
}

/// What was weighed for the fields of each request, from walking again as the plan was found.
pub(crate) fn considered(found: &Found<'_>, options: &Options) -> Vec<Vec<Considered>> {
    let best = &found.planner;
    let decisions = Decisions::forced(found.attempt.forced.clone(), usize::MAX);
    let mut again = Planner::new(best.graph, best.operation, options, decisions);
    again.bias(&found.attempt.bias);
    again.considered = Some(Vec::new());
    if again.resolve_operation().is_err() {
        return Vec::new();
    }
    let all = again.considered.take().unwrap_or_default();
    let of = |batch: &crate::order::Batch| {
        let own = all.iter().filter(|(fetch, _)| batch.fetches.contains(fetch));
        own.map(|(_, considered)| considered.clone()).collect()
    };
    crate::order::batches(&again).iter().map(of).collect()
}

/// The requests of a plan.
fn requests(planner: &Planner<'_>) -> BTreeSet<Leaving> {
    planner.fetches.iter().map(|fetch| (fetch.subgraph, fetch.level)).collect()
}

fn cost(planner: &Planner<'_>) -> Cost {
    let batches = crate::order::batches(planner);
    planner.count(planner.fetches.len());
    let level = planner.fetches.iter().map(|fetch| fetch.level).max().unwrap_or(0);
    let lookups = planner.fetches.iter().map(|fetch| fetch.representations.len()).sum();
    let fields = planner.nodes.iter().map(|node| node.fields.len()).sum();
    (batches.len(), level, planner.unasked, lookups, fields)
}
