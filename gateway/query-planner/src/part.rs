//! Which part of the response each request is for: the innermost that holds everything that needs it.

use std::collections::BTreeSet;

use octavo_index::IndexVec;
use octavo_operation::DeferId;

use crate::planner::Planner;
use crate::state::{FetchIndex, OutputFrom, OutputState, Position, SlotState};
use crate::want::Types;

/// What is known of a request's part: nothing while nobody needs it.
type Known = Option<Option<DeferId>>;

/// The part of each request; `None`: the first.
pub(crate) fn fetch_parts(planner: &Planner<'_>) -> IndexVec<FetchIndex, Option<DeferId>> {
    let mut parts: IndexVec<FetchIndex, Known> = planner.fetches.iter().map(|_| None).collect();
    if !planner.operation.deferred().is_empty() {
        let filled = filled_parts(planner);
        for position in &planner.positions {
            for output in &position.outputs {
                for fetch in needed(planner, position, output) {
                    join(planner, &mut parts[fetch], output.defer);
                }
            }
        }
        // Whoever waits for a request has a higher level.
        let mut order: Vec<FetchIndex> = planner.fetches.ids().collect();
        order.sort_by_key(|&fetch| std::cmp::Reverse(planner.fetches[fetch].level));
        for fetch in order {
            let part = around(planner, &filled, parts[fetch].flatten());
            // A request for every item is one for the first items.
            let part = planner.operation.part_around(part, part);
            parts[fetch] = Some(part);
            for &before in &planner.fetches[fetch].after {
                join(planner, &mut parts[before], part);
            }
        }
    }
    parts.into_iter().map(|part| part.flatten()).collect()
}

/// The parts that something is left in: what is asked outside of a part too does not belong to it.
pub(crate) fn filled_parts(planner: &Planner<'_>) -> BTreeSet<DeferId> {
    let outputs = planner.positions.iter().flat_map(|position| &position.outputs);
    outputs.flat_map(|output| [output.defer, output.stream]).flatten().collect()
}

/// The innermost part that something is left in.
pub(crate) fn around(
    planner: &Planner<'_>,
    filled: &BTreeSet<DeferId>,
    mut part: Option<DeferId>,
) -> Option<DeferId> {
    while let Some(id) = part.filter(|id| !filled.contains(id)) {
        part = planner.operation.deferred()[id].parent;
    }
    part
}

fn join(planner: &Planner<'_>, known: &mut Known, part: Option<DeferId>) {
    *known = Some(match *known {
        None => part,
        Some(known) => planner.operation.part_around(known, part),
    });
}

/// The requests without which an output cannot be written: those that fill its slot, and those that tell the types of objects that
/// a subgraph knows by their interface alone.
fn needed(planner: &Planner<'_>, position: &Position<'_>, output: &OutputState) -> Vec<FetchIndex> {
    let mut fetches = Vec::new();
    if let OutputFrom::Slot(slot) = output.value {
        fetches.extend(fillers(&position.slots[slot], &output.types));
    }
    let by_interface = |s: &crate::state::Source<'_>| planner.graph.is_interface_object(s.subgraph, s.ty);
    if position.sources.iter().any(by_interface) {
        let telling = position.sources.iter().filter(|source| planner.tells_type(source.node));
        fetches.extend(telling.map(|source| source.fetch));
    }
    fetches
}

/// The requests that a slot's value needs for objects of some types. An object that several fill is there with the first; the others
/// are needed by what is below it.
fn fillers<'s>(slot: &'s SlotState, types: &'s Types) -> impl Iterator<Item = FetchIndex> + 's {
    let needed = move |&index: &usize| {
        let filled = &slot.filled[index].types;
        let first = || !slot.filled[..index].iter().any(|earlier| earlier.types == *filled);
        overlap(filled, types) && (slot.child.is_none() || first())
    };
    (0..slot.filled.len()).filter(needed).map(|index| slot.filled[index].fetch)
}

fn overlap(one: &Types, other: &Types) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.iter().any(|ty| other.contains(ty)),
        _ => true,
    }
}
