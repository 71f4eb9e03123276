//! Which parts of the response are deferred in one run, and which objects and lists are there for them to add to.

use std::collections::HashSet;

use octavo_index::{Id, IndexVec};
use octavo_query_plan::{
    Count, DeferId, Deferred, Output, OutputValue, QueryPlan, ShapeId, Slot, TypeIndex, ValueType,
};

use crate::arena::{Arena, Cell, CellId, RowId};
use crate::prepared::Prepared;
use crate::request::Variables;
use crate::write::{Path, Step};

/// What a plan's parts are in one run. One whose condition does not hold is none: what belongs to it comes with what is around it.
pub(crate) struct Parts {
    /// Whether something comes apart.
    active: IndexVec<DeferId, bool>,
    /// The innermost fragment, this one or around it, that comes apart.
    fragments: IndexVec<DeferId, Option<DeferId>>,
    /// The innermost part around this one that comes apart.
    around: IndexVec<DeferId, Option<DeferId>>,
    /// For the part of a list, how many items come before.
    firsts: IndexVec<DeferId, u32>,
}

impl Parts {
    /// The parts of a run; there are none unless it is `incremental`.
    pub(crate) fn new(
        plan: &QueryPlan,
        conditions: &[bool],
        variables: &Variables,
        incremental: bool,
    ) -> Self {
        let mut parts = Self {
            active: IndexVec::new(),
            fragments: IndexVec::new(),
            around: IndexVec::new(),
            firsts: plan.deferred.iter().map(|part| first(part, variables)).collect(),
        };
        for (id, part) in plan.deferred.iter_with_ids() {
            let active = incremental && part.when.is_none_or(|when| conditions[when.index()]);
            let around = part.parent.and_then(|p| if parts.active[p] { Some(p) } else { parts.around[p] });
            let outer = parts.of(part.parent);
            parts.fragments.push(if active && part.list.is_none() { Some(id) } else { outer });
            parts.around.push(around);
            parts.active.push(active);
        }
        parts
    }

    /// The part that something comes with, given the fragment that it belongs to or the list that it is an item of.
    #[inline]
    pub(crate) fn of(&self, part: Option<DeferId>) -> Option<DeferId> {
        self.fragments[part?]
    }

    /// How many items of a list come before those of its part, if they come apart.
    #[inline]
    pub(crate) fn first(&self, stream: Option<DeferId>) -> Option<u32> {
        let part = stream.filter(|part| self.active[*part])?;
        Some(self.firsts[part])
    }

    /// The innermost part around a part that comes apart.
    pub(crate) fn around(&self, part: DeferId) -> Option<DeferId> {
        self.around[part]
    }

    /// The parts that can be announced once `part` has come.
    pub(crate) fn after(&self, plan: &QueryPlan, part: Option<DeferId>) -> Vec<DeferId> {
        let inside = |id: &DeferId| self.active[*id] && self.around[*id] == part;
        plan.deferred.ids().filter(inside).collect()
    }

    /// The plan's fragments that come with `part`, each after the one around it.
    pub(crate) fn along(&self, plan: &QueryPlan, part: Option<DeferId>) -> Vec<DeferId> {
        let list = part.filter(|part| plan.deferred[*part].list.is_some());
        let along = |id: &DeferId| {
            !self.active[*id]
                && plan.deferred[*id].list.is_none()
                && self.fragments[*id] == self.of(part)
                && list.is_none_or(|list| is_in(plan, Some(*id), list))
        };
        plan.deferred.ids().filter(along).collect()
    }
}

fn first(part: &Deferred, variables: &Variables) -> u32 {
    match part.list.as_ref().map(|list| &list.first) {
        None => 0,
        Some(Count::Of(count)) => *count,
        // Less than none is none.
        Some(Count::Variable(name)) => variables.get(name).and_then(|count| count.parse().ok()).unwrap_or(0),
    }
}

/// Objects and lists that became null because of something inside them: nothing is added to those.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    pub(crate) rows: HashSet<RowId>,
    /// Each by its first item.
    pub(crate) lists: HashSet<CellId>,
    /// Lists of which only the first items came.
    pub(crate) tails: HashSet<CellId>,
}

/// What a part is announced for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An object that its fragment stands on.
    Row(RowId),
    /// A list, by its first item.
    List(CellId),
}

/// Further items of a list.
#[derive(Clone, Copy)]
pub(crate) struct Items<'w> {
    pub(crate) field: &'w Slot,
    pub(crate) item: &'w ValueType,
    /// The list's items, those before among them.
    pub(crate) start: CellId,
    pub(crate) len: u32,
    /// How many come before.
    pub(crate) first: u32,
}

/// Sees the objects that a part adds to.
pub(crate) trait Visit {
    /// The part begins for an object or a list.
    fn begin(&mut self, target: Target, path: &Path<'_>);
    /// Fields of an object at or beneath it belong to the part.
    fn object(&mut self, at: (RowId, ShapeId), path: &Path<'_>);
    /// A list has further items; `path` is its own.
    fn items(&mut self, items: Items<'_>, path: &Path<'_>);
    /// The part ends for it.
    fn end(&mut self);
}

/// A walk over what has come of the response to all that one part adds to.
pub(crate) struct Walk<'w> {
    pub(crate) prepared: &'w Prepared,
    pub(crate) arena: &'w Arena,
    pub(crate) conditions: &'w [bool],
    pub(crate) parts: &'w Parts,
    /// What the parts around it lost.
    pub(crate) lost: Vec<&'w Lost>,
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
        if !leads[shape] || self.lost.iter().any(|lost| lost.rows.contains(&row)) {
            return;
        }
        let plan = self.prepared.plan();
        let part = &plan.deferred[self.part];
        let stands = part.list.is_none() && part.shapes.contains(&shape);
        if stands {
            visit.begin(Target::Row(row), path);
        }
        let ty = self.arena.ty(row);
        let outputs = &plan.shapes[shape].outputs;
        // The type of an object may be told by one of the part's own requests.
        let untold = ty.is_none() && plan.shapes[shape].interface_objects;
        let adds = |output: &Output| {
            self.parts.of(output.defer) == Some(self.part)
                && (untold || output.types.contains(ty))
                && self.holds(output)
        };
        if outputs.iter().any(adds) {
            visit.object((row, shape), path);
        }
        for (output, key) in outputs.iter().zip(&self.prepared.shapes[shape].keys) {
            let OutputValue::Slot(slot) = output.value else { continue };
            let has_come = self.parts.of(output.defer).is_none_or(|part| self.came.contains(&part));
            if !has_come || !self.is_written(output, ty) {
                continue;
            }
            let field = &plan.shapes[shape].slots[slot];
            let path = Path { parent: Some(path), step: Step::Key(&key.text) };
            let (cell, value) = (self.arena.slot(row, slot), output.value_type(field, ty));
            if output.stream == Some(self.part) {
                self.items((cell, value), field, &path, visit);
            } else if let Some(inner) = value.shape().filter(|inner| leads[*inner]) {
                let cell = self.delivered(cell, output.stream);
                self.value((cell, value), inner, &path, visit);
            }
        }
        if stands {
            visit.end();
        }
    }

    /// What has come of a list: its first items, if the others are still to come.
    fn delivered(&self, cell: Cell, stream: Option<DeferId>) -> Cell {
        let lost = |start| self.lost.iter().any(|lost| lost.tails.contains(&start));
        let is_lost = matches!(cell, Cell::List { start, .. } if lost(start));
        let waits = stream.filter(|part| is_lost || !self.came.contains(part));
        cell.cut(self.parts.first(waits))
    }

    fn items(&self, list: (Cell, &ValueType), field: &Slot, path: &Path<'_>, visit: &mut dyn Visit) {
        let (Cell::List { start, len }, ValueType::List { item, .. }) = list else { return };
        let first = self.parts.first(Some(self.part)).unwrap_or(0);
        if len > first && !self.is_lost(start) {
            visit.begin(Target::List(start), path);
            visit.items(Items { field, item, start, len, first }, path);
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
            (Cell::List { start, len }, ValueType::List { item, .. }) if !self.is_lost(start) => {
                for (index, cell) in (0..len).zip(Arena::items(start, len)) {
                    let path = Path { parent: Some(path), step: Step::Index(index) };
                    self.value((self.arena.get(cell), item), shape, &path, visit);
                }
            }
            _ => {}
        }
    }

    fn is_lost(&self, list: CellId) -> bool {
        self.lost.iter().any(|lost| lost.lists.contains(&list))
    }

    fn is_written(&self, output: &Output, ty: Option<TypeIndex>) -> bool {
        output.types.contains(ty) && self.holds(output)
    }

    fn holds(&self, output: &Output) -> bool {
        output.when.is_none_or(|when| self.conditions[when.index()])
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
        found |= is_in(plan, output.defer, part) || is_in(plan, output.stream, part);
        if let OutputValue::Slot(slot) = output.value
            && let Some(inner) = plan.shapes[shape].slots[slot].value.shape()
        {
            found |= mark(plan, part, inner, leads);
        }
    }
    leads[shape] |= found;
    found
}

/// Whether a part is another, or inside of it.
pub(crate) fn is_in(plan: &QueryPlan, mut inner: Option<DeferId>, part: DeferId) -> bool {
    while let Some(id) = inner {
        if id == part {
            return true;
        }
        inner = plan.deferred[id].parent;
    }
    false
}
