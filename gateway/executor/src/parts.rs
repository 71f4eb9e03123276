//! Which parts of the response are deferred in one run, and which objects are there for them to add to.

use std::collections::HashSet;

use octavo_index::{Id, IndexVec};
use octavo_query_plan::{DeferId, Output, OutputValue, QueryPlan, ShapeId, TypeIndex, ValueType};

use crate::arena::{Arena, Cell, CellId, RowId};
use crate::prepared::Prepared;
use crate::write::{Path, Step};

/// Where everything of a plan's parts comes in one run: a part whose condition does not hold comes with the one around it.
pub(crate) struct Parts(IndexVec<DeferId, Option<DeferId>>);

impl Parts {
    /// The parts of a run; all of them come with the first unless `incremental`.
    pub(crate) fn new(plan: &QueryPlan, conditions: &[bool], incremental: bool) -> Self {
        let mut parts: IndexVec<DeferId, Option<DeferId>> = IndexVec::new();
        for (id, part) in plan.deferred.iter_with_ids() {
            let holds = part.when.is_none_or(|when| conditions[when.index()]);
            let around = part.parent.and_then(|parent| parts[parent]);
            parts.push(if incremental && holds { Some(id) } else { around });
        }
        Self(parts)
    }

    /// The part that what belongs to a part of the plan comes with.
    #[inline]
    pub(crate) fn of(&self, part: Option<DeferId>) -> Option<DeferId> {
        self.0[part?]
    }

    /// The parts that can be announced once `part` has come.
    pub(crate) fn after(&self, plan: &QueryPlan, part: Option<DeferId>) -> Vec<DeferId> {
        let inside = |id: &DeferId| self.0[*id] == Some(*id) && self.of(plan.deferred[*id].parent) == part;
        plan.deferred.ids().filter(inside).collect()
    }

    /// The plan's parts right inside `inside` that come with it.
    pub(crate) fn along(&self, plan: &QueryPlan, inside: Option<DeferId>) -> Vec<DeferId> {
        let along = |id: &DeferId| plan.deferred[*id].parent == inside && self.0[*id] != Some(*id);
        plan.deferred.ids().filter(along).collect()
    }
}

/// Objects and lists that became null because of something inside them: nothing is added to those.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    pub(crate) rows: HashSet<RowId>,
    /// Each by its first item.
    pub(crate) lists: HashSet<CellId>,
}

impl Lost {
    /// Adds what another part lost.
    pub(crate) fn join(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.lists.extend(other.lists);
    }
}

/// Sees the objects that a part adds to.
pub(crate) trait Visit {
    /// The part begins for an object that its fragment stands on.
    fn begin(&mut self, path: &Path<'_>);
    /// Fields of an object at or beneath it belong to the part.
    fn object(&mut self, at: (RowId, ShapeId), path: &Path<'_>);
    /// The part ends for that object.
    fn end(&mut self);
}

/// A walk over what has come of the response to all that one part adds to.
pub(crate) struct Walk<'w> {
    pub(crate) prepared: &'w Prepared,
    pub(crate) arena: &'w Arena,
    pub(crate) conditions: &'w [bool],
    pub(crate) parts: &'w Parts,
    pub(crate) lost: &'w Lost,
    /// The parts that have come.
    pub(crate) came: &'w HashSet<DeferId>,
    /// The part to be added.
    pub(crate) part: DeferId,
}

impl Walk<'_> {
    /// Walks the objects from the root, in the order of the response.
    pub(crate) fn run(&self, root: RowId, visit: &mut dyn Visit) {
        let path = Path { parent: None, step: Step::Root };
        self.object((root, self.prepared.plan().root), &path, visit);
    }

    fn object(&self, (row, shape): (RowId, ShapeId), path: &Path<'_>, visit: &mut dyn Visit) {
        let leads = &self.prepared.leads[self.part];
        if !leads[shape] || self.lost.rows.contains(&row) {
            return;
        }
        let plan = self.prepared.plan();
        let stands = plan.deferred[self.part].shapes.contains(&shape);
        if stands {
            visit.begin(path);
        }
        let ty = self.arena.ty(row);
        let outputs = &plan.shapes[shape].outputs;
        if outputs
            .iter()
            .any(|output| self.parts.of(output.defer) == Some(self.part) && self.is_written(output, ty))
        {
            visit.object((row, shape), path);
        }
        for (output, key) in outputs.iter().zip(&self.prepared.shapes[shape].keys) {
            let OutputValue::Slot(slot) = output.value else { continue };
            let value = &plan.shapes[shape].slots[slot].value;
            let Some(inner) = value.shape().filter(|inner| leads[*inner]) else { continue };
            let has_come = self.parts.of(output.defer).is_none_or(|part| self.came.contains(&part));
            if has_come && self.is_written(output, ty) {
                let path = Path { parent: Some(path), step: Step::Key(&key.text) };
                self.value((self.arena.slot(row, slot), value), inner, &path, visit);
            }
        }
        if stands {
            visit.end();
        }
    }

    fn value(
        &self,
        (cell, value): (Cell, &ValueType),
        shape: ShapeId,
        path: &Path<'_>,
        visit: &mut dyn Visit,
    ) {
        match (cell, value) {
            (Cell::Row(row), ValueType::Object { .. }) => self.object((row, shape), path, visit),
            (Cell::List { start, len }, ValueType::List { item, .. })
                if !self.lost.lists.contains(&start) =>
            {
                for (index, cell) in (0..len).zip(Arena::items(start, len)) {
                    let path = Path { parent: Some(path), step: Step::Index(index) };
                    self.value((self.arena.get(cell), item), shape, &path, visit);
                }
            }
            _ => {}
        }
    }

    fn is_written(&self, output: &Output, ty: Option<TypeIndex>) -> bool {
        output.types.contains(ty) && output.when.is_none_or(|when| self.conditions[when.index()])
    }
}

/// For each part, the shapes that have fields of it or of parts inside it, or lead to such.
pub(crate) fn leads(plan: &QueryPlan) -> IndexVec<DeferId, IndexVec<ShapeId, bool>> {
    let of = |part: DeferId| {
        let mut leads: IndexVec<ShapeId, bool> = plan.shapes.iter().map(|_| false).collect();
        mark(plan, part, plan.root, &mut leads);
        leads
    };
    plan.deferred.ids().map(of).collect()
}

fn mark(plan: &QueryPlan, part: DeferId, shape: ShapeId, leads: &mut IndexVec<ShapeId, bool>) -> bool {
    let mut found = false;
    for output in &plan.shapes[shape].outputs {
        found |= is_in(plan, output.defer, part);
        if let OutputValue::Slot(slot) = output.value
            && let Some(inner) = plan.shapes[shape].slots[slot].value.shape()
        {
            found |= mark(plan, part, inner, leads);
        }
    }
    leads[shape] |= found;
    found
}

fn is_in(plan: &QueryPlan, mut inner: Option<DeferId>, part: DeferId) -> bool {
    while let Some(id) = inner {
        if id == part {
            return true;
        }
        inner = plan.deferred[id].parent;
    }
    false
}
