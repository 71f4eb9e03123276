//! The order of the requests.

use std::collections::BTreeMap;

use octavo_operation::{DeferId, When};
use octavo_supergraph::SubgraphId;

use crate::needed::conditions;
use crate::part::fetch_parts;
use crate::planner::Planner;
use crate::state::FetchIndex;

/// Fetches that leave as one request.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) fetches: Vec<FetchIndex>,
    /// When it is sent.
    pub(crate) when: When,
    /// The part of the response that it is for.
    pub(crate) part: Option<DeferId>,
}

/// What fetches must have in common: level, whether entities are asked for, subgraph, part, condition; and a number of its own for
/// one that goes alone.
type Together = (u32, bool, SubgraphId, Option<DeferId>, When, usize);

/// What leaves together: entity fetches of one subgraph at one level for one part under one condition; every other fetch alone.
/// In an order in which each stands after those that it needs.
pub(crate) fn batches(planner: &Planner<'_>) -> Vec<Batch> {
    let conditions = conditions(planner);
    let parts = fetch_parts(planner);
    let mut joined: BTreeMap<Together, Vec<FetchIndex>> = BTreeMap::new();
    for (number, (id, fetch)) in planner.fetches.iter_with_ids().enumerate() {
        let entities = fetch.entities_at.is_some();
        let alone = if entities { 0 } else { number };
        let key = (fetch.level, entities, fetch.subgraph, parts[id], conditions[id].clone(), alone);
        joined.entry(key).or_default().push(id);
    }
    let batch = |((_, _, _, part, when, _), fetches)| Batch { fetches, when, part };
    joined.into_iter().map(batch).collect()
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
    let mut batch_of = BTreeMap::new();
    for (number, batch) in batches.iter().enumerate() {
        batch_of.extend(batch.fetches.iter().map(|&fetch| (fetch, number)));
    }
    let before = |batch: &Batch| {
        let after = batch.fetches.iter().flat_map(|&fetch| &planner.fetches[fetch].after);
        after.map(|before| batch_of[before]).collect()
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
