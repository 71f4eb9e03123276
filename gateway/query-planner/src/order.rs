//! The order of the requests.

use std::collections::{BTreeMap, BTreeSet};

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

/// Orders the batches of one part: what does not depend on each other runs beside each other, all the way down.
pub(crate) fn order(planner: &Planner<'_>, batches: &[Batch], part: Option<DeferId>) -> Option<Order> {
    let mut batch_of = BTreeMap::new();
    for (number, batch) in batches.iter().enumerate() {
        batch_of.extend(batch.fetches.iter().map(|&fetch| (fetch, number)));
    }
    let before: Vec<BTreeSet<usize>> = batches
        .iter()
        .map(|batch| {
            batch.fetches.iter().flat_map(|&f| &planner.fetches[f].after).map(|f| batch_of[f]).collect()
        })
        .collect();
    let all: BTreeSet<usize> = (0..batches.len()).filter(|&batch| batches[batch].part == part).collect();
    (!all.is_empty()).then(|| arrange(&before, all))
}

fn arrange(before: &[BTreeSet<usize>], mut open: BTreeSet<usize>) -> Order {
    let mut steps = Vec::new();
    loop {
        let parts = components(before, &open);
        if parts.len() > 1 {
            steps.push(Order::Parallel(parts.into_iter().map(|part| arrange(before, part)).collect()));
            break;
        }
        let first: BTreeSet<usize> =
            open.iter().copied().filter(|&b| !before[b].iter().any(|b| open.contains(b))).collect();
        steps.push(parallel(first.iter().map(|&batch| Order::Batch(batch)).collect()));
        open.retain(|batch| !first.contains(batch));
        if open.is_empty() {
            break;
        }
    }
    if steps.len() == 1 { steps.remove(0) } else { Order::Sequence(steps) }
}

fn parallel(mut orders: Vec<Order>) -> Order {
    if orders.len() == 1 { orders.remove(0) } else { Order::Parallel(orders) }
}

/// The parts of `open` that do not depend on each other, in the order of their last batches.
fn components(before: &[BTreeSet<usize>], open: &BTreeSet<usize>) -> Vec<BTreeSet<usize>> {
    let mut leader: BTreeMap<usize, usize> = open.iter().map(|&batch| (batch, batch)).collect();
    for &batch in open {
        for other in before[batch].intersection(open) {
            let (one, other) = (led_by(&mut leader, batch), led_by(&mut leader, *other));
            leader.insert(one.min(other), one.max(other));
        }
    }
    let mut parts: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for &batch in open {
        parts.entry(led_by(&mut leader, batch)).or_default().insert(batch);
    }
    parts.into_values().collect()
}

/// The highest batch of a batch's part; what lies on the way there points to it from then on.
fn led_by(leader: &mut BTreeMap<usize, usize>, batch: usize) -> usize {
    let mut top = batch;
    while leader[&top] != top {
        top = leader[&top];
    }
    let mut at = batch;
    while at != top {
        at = leader.insert(at, top).unwrap_or(top);
    }
    top
}
