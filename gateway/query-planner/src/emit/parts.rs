//! The deferred parts that something is left in.

use std::collections::{BTreeMap, BTreeSet};

use octavo_index::{Id as _, IndexVec};
use octavo_operation as operation;
use octavo_query_plan::{Count, DeferId, Deferred, ShapeId, SlotId, StreamedList};

use super::{Tables, plan_node};
use crate::order::{Batch, order};
use crate::part::{around, filled_parts};
use crate::planner::Planner;
use crate::state::{OutputFrom, PositionId, SlotIndex};

/// The plan's part for each part of the operation that something is left in.
pub(crate) struct Parts {
    filled: BTreeSet<operation::DeferId>,
    ids: BTreeMap<operation::DeferId, DeferId>,
}

impl Parts {
    pub(crate) fn new(planner: &Planner<'_>) -> Self {
        let filled = filled_parts(planner);
        let ids = filled.iter().enumerate().map(|(index, &part)| (part, DeferId::new(index))).collect();
        Self { filled, ids }
    }

    /// The part of an output.
    pub(crate) fn of(&self, part: Option<operation::DeferId>) -> Option<DeferId> {
        self.ids.get(&part?).copied()
    }

    /// The parts, each with its requests.
    pub(crate) fn deferred(
        &self,
        planner: &Planner<'_>,
        batches: &[Batch],
        tables: &mut Tables,
    ) -> IndexVec<DeferId, Deferred> {
        let mut all = IndexVec::new();
        for &id in &self.filled {
            let part = &planner.operation.deferred()[id];
            let lists = lists(planner, id);
            let wanted = |batch: &Batch| match part.first {
                None => batch.part == Some(id),
                Some(_) => asks_below(planner, batch, &lists) && !is_in(planner, batch.part, id),
            };
            let node = order(planner, batches, wanted).map(|o| plan_node(planner, batches, &o, tables));
            let (shapes, list) = match part.first {
                None => {
                    let stands =
                        planner.positions.iter_with_ids().filter(|(_, p)| p.sets.contains(&part.set));
                    (stands.map(|(position, _)| shape(position)).collect(), None)
                }
                Some(first) => {
                    let slots = lists.iter().map(|(_, slot)| SlotId::new(slot.index())).collect();
                    let list = StreamedList { slots, first: count(planner, first) };
                    (lists.iter().map(|(position, _)| shape(*position)).collect(), Some(list))
                }
            };
            all.push(Deferred {
                label: part.label.map(|label| planner.operation.text(label).into()),
                parent: self.of(around(planner, &self.filled, part.parent)),
                when: tables.condition(planner, &part.when),
                shapes,
                list,
                node,
            });
        }
        all
    }
}

fn shape(position: PositionId) -> ShapeId {
    ShapeId::new(position.index())
}

fn count(planner: &Planner<'_>, count: operation::Count) -> Count {
    match count {
        operation::Count::Of(count) => Count::Of(count),
        operation::Count::Variable(name) => Count::Variable(planner.operation.text(name).into()),
    }
}

/// The lists whose further items a part is.
fn lists(planner: &Planner<'_>, part: operation::DeferId) -> Vec<(PositionId, SlotIndex)> {
    let mut lists = Vec::new();
    for (id, position) in planner.positions.iter_with_ids() {
        for output in position.outputs.iter().filter(|output| output.stream == Some(part)) {
            if let OutputFrom::Slot(slot) = output.value
                && !lists.contains(&(id, slot))
            {
                lists.push((id, slot));
            }
        }
    }
    lists
}

/// Whether a batch asks for something of the items of lists.
fn asks_below(planner: &Planner<'_>, batch: &Batch, lists: &[(PositionId, SlotIndex)]) -> bool {
    let is_below = |mut at: PositionId| {
        while let Some(parent) = planner.positions[at].parent {
            if lists.contains(&parent) {
                return true;
            }
            at = parent.0;
        }
        false
    };
    batch.fetches.iter().map(|&fetch| planner.asked_at(&planner.fetches[fetch])).any(is_below)
}

fn is_in(planner: &Planner<'_>, mut inner: Option<operation::DeferId>, part: operation::DeferId) -> bool {
    while let Some(id) = inner {
        if id == part {
            return true;
        }
        inner = planner.operation.deferred()[id].parent;
    }
    false
}
