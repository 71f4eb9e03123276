//! The order of the requests.

use std::collections::{BTreeMap, BTreeSet};

use octavo_operation::When;
use octavo_supergraph::SubgraphId;

use crate::needed::conditions;
use crate::planner::Planner;
use crate::state::FetchIndex;

/// Fetches that leave as one request.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) fetches: Vec<FetchIndex>,
    /// When it is sent.
    pub(crate) when: When,
}

/// What leaves together: entity fetches of one subgraph at one level under one condition; every other fetch alone.
/// In an order in which each stands after those that it needs.
pub(crate) fn batches(planner: &Planner<'_>) -> Vec<Batch> {
    let conditions = conditions(planner);
    let mut joined: BTreeMap<(u32, bool, SubgraphId, When, usize), Vec<FetchIndex>> = BTreeMap::new();
    for (number, (id, fetch)) in planner.fetches.iter_with_ids().enumerate() {
        let entities = fetch.entities_at.is_some();
        let alone = if entities { 0 } else { number };
        let key = (fetch.level, entities, fetch.subgraph, conditions[id].clone(), alone);
        joined.entry(key).or_default().push(id);
    }
    let batch = |((_, _, _, when, _), fetches)| Batch { fetches, when };
    joined.into_iter().map(batch).collect()
}

/// Requests in a row or beside each other.
#[derive(Debug)]
pub(crate) enum Order {
    Batch(usize),
    Sequence(Vec<Order>),
    Parallel(Vec<Order>),
}

/// Orders batches: what does not depend on each other runs beside each other, all the way down.
pub(crate) fn order(planner: &Planner<'_>, batches: &[Batch]) -> Option<Order> {
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
    let all: BTreeSet<usize> = (0..batches.len()).collect();
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
        let first: Vec<usize> = open.iter().copied().filter(|&b| before[b].is_disjoint(&open)).collect();
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

/// The parts of `open` that do not depend on each other.
fn components(before: &[BTreeSet<usize>], open: &BTreeSet<usize>) -> Vec<BTreeSet<usize>> {
    let mut parts: Vec<BTreeSet<usize>> = Vec::new();
    for &batch in open {
        let mut part = BTreeSet::from([batch]);
        let linked = |part: &BTreeSet<usize>, other: &BTreeSet<usize>| {
            part.iter().any(|b| before[*b].iter().any(|p| other.contains(p)))
                || other.iter().any(|b| before[*b].iter().any(|p| part.contains(p)))
        };
        let (joined, apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(|other| linked(&part, other));
        part.extend(joined.into_iter().flatten());
        parts = apart;
        parts.push(part);
    }
    parts
}
