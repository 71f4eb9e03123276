//! The deferred parts that something is left in.

use std::collections::{BTreeMap, BTreeSet};

use octavo_index::{Id as _, IndexVec};
use octavo_operation as operation;
use octavo_query_plan::{DeferId, Deferred, ShapeId};

use super::{Tables, plan_node};
use crate::order::{Batch, order};
use crate::part::{around, filled_parts};
use crate::planner::Planner;

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
            let node = order(planner, batches, Some(id)).map(|o| plan_node(planner, batches, &o, tables));
            let stands = planner.positions.iter_with_ids().filter(|(_, p)| p.sets.contains(&part.set));
            all.push(Deferred {
                label: part.label.map(|label| planner.operation.text(label).into()),
                parent: self.of(around(planner, &self.filled, part.parent)),
                when: tables.condition(planner, &part.when),
                shapes: stands.map(|(position, _)| ShapeId::new(position.index())).collect(),
                node,
            });
        }
        all
    }
}
