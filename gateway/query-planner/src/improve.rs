//! Other plans, tried within a budget: the walk takes the cheapest option by estimate, which is not always the cheapest in the end.
//!
//! 1. Nothing is tried where the plan makes no request that it can do without ([`least`](crate::least)).
//! 2. The walk is taken again, knowing which requests its plan makes anyway, so that each field is asked in one of them if it can be.
//! 3. It is taken again without one of the requests that might be spared, then without two, then with another in their place.
//! 4. Each of its decisions that asks in one of these is taken otherwise.
//!
//! Whatever makes the plan cheaper is kept, and everything is tried again from there.

use std::collections::{BTreeMap, BTreeSet};

use octavo_operation::Operation;
use octavo_query_graph::QueryGraph;
use octavo_query_plan::print::Considered;
use octavo_supergraph::SubgraphId;

use crate::decide::{Decisions, Stop};
use crate::estimate::Memory;
use crate::least::{Least, least};
use crate::order::{Batch, batch_count, batches};
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
    if !may_try(&found, options) {
        return Ok(found);
    }
    let least = least(&found.planner);
    let mut search = Search { options, found, cost, least, memory };
    while search.is_worth_it() && search.tries_something_better() {}
    Ok(search.found)
}

/// Whether enough steps are left: a try takes about as many as the first walk, and the larger the operation, the less is gained by
/// one of them.
fn may_try(found: &Found<'_>, options: &Options) -> bool {
    options.steps.saturating_sub(found.steps) / TRIES_LEFT >= found.walk_steps
}

struct Search<'g, 'o> {
    options: &'o Options,
    found: Found<'g>,
    cost: Cost,
    /// What no plan can do without.
    least: Least,
    /// What is known whatever is expected.
    memory: Memory<'g>,
}

impl Search<'_, '_> {
    /// Whether the plan might be made cheaper, and another try may be taken.
    fn is_worth_it(&self) -> bool {
        let (requests, level, ..) = self.cost;
        let cheapest = requests <= self.least.requests && level <= self.least.level;
        !cheapest && may_try(&self.found, self.options)
    }

    fn left(&self) -> usize {
        self.options.steps.saturating_sub(self.found.steps)
    }

    /// Tries until something is better than the best plan; false when nothing is, or the steps are used up.
    fn tries_something_better(&mut self) -> bool {
        let made: Vec<Leaving> = requests(&self.found.planner).into_iter().take(MOST_MADE).collect();
        let spare: Vec<bool> = made.iter().map(|&(subgraph, _)| self.is_spare(subgraph)).collect();
        let pairs =
            (0..made.len()).flat_map(|first| (first + 1..made.len()).map(move |second| (first, second)));
        let pairs = pairs.filter(|&(first, second)| spare[first] || spare[second]);
        let two: Vec<Vec<Leaving>> = pairs.map(|(first, second)| vec![made[first], made[second]]).collect();
        let one = made.iter().zip(&spare).rev().filter(|(_, spare)| **spare);
        let one: Vec<Vec<Leaving>> = one.map(|(&request, _)| vec![request]).collect();
        let other: Vec<Option<Leaving>> = self.other_requests(&made).into_iter().map(Some).collect();
        self.tries_without(&made, &[Vec::new()], &[None])
            || self.tries_without_each()
            || self.tries_otherwise()
            || self.tries_without(&made, &two, &[None])
            || self.tries_without(&made, &one, &other)
            || self.tries_without(&made, &two, &other)
    }

    /// Whether a plan might ask a subgraph less often. If none might be asked less often, the row of requests is too long, to which
    /// each of them may belong.
    fn is_spare(&self, subgraph: SubgraphId) -> bool {
        let made = requests(&self.found.planner);
        let asked = made.iter().filter(|(other, _)| *other == subgraph).count();
        self.cost.0 <= self.least.requests || asked > self.least.of(subgraph)
    }

    /// Requests that the plan does not make, but could: of each step, to each subgraph that resolves a field beside others.
    fn other_requests(&self, made: &[Leaving]) -> Vec<Leaving> {
        let at = |&subgraph: &SubgraphId| (2..=self.cost.1 + 1).map(move |level| (subgraph, level));
        let all = self.found.planner.alternatives.iter().flat_map(at);
        all.filter(|request| !made.contains(request)).take(MOST_OTHERS).collect()
    }

    /// Tries to do without each request that might be spared, the last one first, and goes on from what is better.
    fn tries_without_each(&mut self) -> bool {
        let mut tried: BTreeSet<Leaving> = BTreeSet::new();
        let mut better = false;
        loop {
            let made = requests(&self.found.planner);
            let untried = |request: &&Leaving| !tried.contains(*request) && self.is_spare(request.0);
            let Some(&next) = made.iter().rev().find(untried) else { return better };
            if tried.len() == MOST_MADE || !self.is_worth_it() {
                return better;
            }
            tried.insert(next);
            let made: Vec<Leaving> = made.into_iter().collect();
            better |= self.tries_without(&made, &[vec![next]], &[None]);
        }
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
            .filter(|(_, decision)| self.is_spare(decision.cheapest))
            .flat_map(|(number, decision)| (1..decision.options).map(move |option| (number, option)));
        for (number, option) in others.collect::<Vec<_>>() {
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
    let of = |batch: &Batch| {
        let own = all.iter().filter(|(fetch, _)| batch.fetches.contains(fetch));
        own.map(|(_, considered)| considered.clone()).collect()
    };
    batches(&again).iter().map(of).collect()
}

/// The requests of a plan.
fn requests(planner: &Planner<'_>) -> BTreeSet<Leaving> {
    planner.fetches.iter().map(|fetch| (fetch.subgraph, fetch.level)).collect()
}

fn cost(planner: &Planner<'_>) -> Cost {
    planner.count(planner.fetches.len());
    let level = planner.fetches.iter().map(|fetch| fetch.level).max().unwrap_or(0);
    let lookups = planner.fetches.iter().map(|fetch| fetch.representations.len()).sum();
    let fields = planner.nodes.iter().map(|node| node.fields.len()).sum();
    (batch_count(planner), level, planner.unasked, lookups, fields)
}
