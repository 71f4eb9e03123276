//! The order of the requests.

use std::collections::{BTreeMap, BTreeSet};

use octavo_index::{IdMap, IndexVec};
use octavo_operation::{DeferId, When};
use octavo_supergraph::SubgraphId;

use crate::needed::conditions;
use crate::part::fetch_parts;
use crate::planner::Planner;
use crate::state::{FetchIndex, FetchState};

/// Fetches that leave as one request.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) fetches: Vec<FetchIndex>,
    /// When it is sent.
    pub(crate) when: When,
    /// The part of the response that it is for.
    pub(crate) part: Option<DeferId>,
}

/// What fetches have in common that may leave together: whether entities are asked for, subgraph, part, condition; and a number of
/// its own for one that goes alone.
type Sort = (bool, SubgraphId, Option<DeferId>, When, usize);

/// Which fetches may leave together.
#[derive(Debug, Default)]
pub(crate) struct Sorts {
    all: Vec<Sort>,
    /// The places in `all`.
    pub(crate) of: IndexVec<FetchIndex, usize>,
}

/// Sorts the fetches of a finished walk: entity fetches of one subgraph for one part under one condition; every other fetch is alone.
pub(crate) fn sorts(planner: &Planner<'_>) -> Sorts {
    let conditions = conditions(planner);
    let parts = fetch_parts(planner);
    let sort = |(number, (id, fetch)): (usize, (FetchIndex, &FetchState<'_>))| {
        let entities = fetch.entities_at.is_some();
        // One that is asked for no rows at all must not be asked beside others, where a value is needed.
        let alone = if entities && !fetch.contexts.iter().any(|c| c.argument.required) { 0 } else { number };
        (entities, fetch.subgraph, parts[id], conditions[id].clone(), alone)
    };
    let own: Vec<Sort> = planner.fetches.iter_with_ids().enumerate().map(sort).collect();
    let mut all = own.clone();
    all.sort_unstable();
    all.dedup();
    let place = |sort: &Sort| all.binary_search(sort).expect("the sort of every fetch is among all");
    let of = own.iter().map(place).collect();
    Sorts { all, of }
}

/// What leaves together: what is of one sort at one level. In an order in which each stands after those that it needs.
pub(crate) fn batches(planner: &Planner<'_>) -> Vec<Batch> {
    let mut joined: BTreeMap<(u32, usize), Vec<FetchIndex>> = BTreeMap::new();
    for (id, fetch) in planner.fetches.iter_with_ids() {
        joined.entry((fetch.level, planner.sorts.of[id])).or_default().push(id);
    }
    let batch = |((_, sort), fetches): ((u32, usize), _)| {
        let (_, _, part, ref when, _) = planner.sorts.all[sort];
        Batch { fetches, when: when.clone(), part }
    };
    joined.into_iter().map(batch).collect()
}

/// How many requests leave.
pub(crate) fn batch_count(planner: &Planner<'_>) -> usize {
    let leaving = planner.fetches.iter_with_ids().map(|(id, fetch)| (fetch.level, planner.sorts.of[id]));
    leaving.collect::<BTreeSet<_>>().len()
}

/// Requests in a row or beside each other.
#[derive(Debug)]
pub(crate) enum Order {
    Batch(usize),
    Sequence(Vec<Order>),
    Parallel(Vec<Order>),
}

/// Orders some of the batches: what does not depend on each other runs beside each other, all the way down.
pub(crate) fn order(
    planner: &Planner<'_>,
    batches: &[Batch],
    wanted: impl Fn(&Batch) -> bool,
) -> Option<Order> {
    let mut batch_of = IdMap::default();
    for (number, batch) in batches.iter().enumerate() {
        batch_of.extend(batch.fetches.iter().map(|&fetch| (fetch, number)));
    }
    let before = |batch: &Batch| {
        let after = batch.fetches.iter().flat_map(|&fetch| &planner.fetches[fetch].after);
        let mut before: Vec<usize> = after.map(|before| batch_of[before]).collect();
        before.sort_unstable();
        before.dedup();
        before
    };
    let mut waits = Waits {
        before: batches.iter().map(before).collect(),
        open: batches.iter().map(wanted).collect(),
        leader: (0..batches.len()).collect(),
    };
    let all: Vec<usize> = (0..batches.len()).filter(|&batch| waits.open[batch]).collect();
    (!all.is_empty()).then(|| waits.arrange(all))
}

/// Which batches wait for which.
struct Waits {
    before: Vec<Vec<usize>>,
    /// Whether a batch is still to be put in order.
    open: Vec<bool>,
    /// A higher batch of the same part, or itself.
    leader: Vec<usize>,
}

impl Waits {
    /// Orders batches, sorted; none of them waits for an open one that is not among them.
    fn arrange(&mut self, mut batches: Vec<usize>) -> Order {
        let mut steps = Vec::new();
        loop {
            let parts = self.components(&batches);
            if parts.len() > 1 {
                steps.push(Order::Parallel(parts.into_iter().map(|part| self.arrange(part)).collect()));
                break;
            }
            let ready = |&batch: &usize| !self.before[batch].iter().any(|&before| self.open[before]);
            let (first, rest): (Vec<_>, Vec<_>) = batches.into_iter().partition(ready);
            for &batch in &first {
                self.open[batch] = false;
            }
            steps.push(parallel(first.into_iter().map(Order::Batch).collect()));
            if rest.is_empty() {
                break;
            }
            batches = rest;
        }
        if steps.len() == 1 { steps.remove(0) } else { Order::Sequence(steps) }
    }

    /// The parts of open batches that do not depend on each other, in the order of their last batches.
    fn components(&mut self, batches: &[usize]) -> Vec<Vec<usize>> {
        for &batch in batches {
            self.leader[batch] = batch;
        }
        for &batch in batches {
            for at in 0..self.before[batch].len() {
                let before = self.before[batch][at];
                if self.open[before] {
                    let (one, other) = (self.led_by(batch), self.led_by(before));
                    self.leader[one.min(other)] = one.max(other);
                }
            }
        }
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &batch in batches {
            parts.entry(self.led_by(batch)).or_default().push(batch);
        }
        parts.into_values().collect()
    }

    /// The highest batch of a batch's part; what lies on the way there points to it from then on.
    fn led_by(&mut self, batch: usize) -> usize {
        let mut top = batch;
        while self.leader[top] != top {
            top = self.leader[top];
        }
        let mut at = batch;
        while at != top {
            at = std::mem::replace(&mut self.leader[at], top);
        }
        top
    }
}

fn parallel(mut orders: Vec<Order>) -> Order {
    if orders.len() == 1 { orders.remove(0) } else { Order::Parallel(orders) }
}
