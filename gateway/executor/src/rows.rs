//! The rows that a request of one part asks for.
//!
//! A list in two parts shows its first items to the requests of the part around it, the others to its own, and all of them to what is inside
//! it and comes later.

use std::collections::HashMap;

use octavo_query_plan::{DeferId, PathStep, ShapeId, SlotId};

use crate::arena::{Arena, Cell, RowId};
use crate::parts::{Parts, is_in};
use crate::prepared::Prepared;

/// Finds rows for one part.
pub(crate) struct Rows<'p, 'a> {
    pub(crate) prepared: &'p Prepared,
    pub(crate) arena: &'a Arena,
    pub(crate) parts: &'a Parts,
    /// The part that the request is made for.
    pub(crate) part: Option<DeferId>,
}

impl Rows<'_, '_> {
    /// The rows at the end of a path, and their shape.
    pub(crate) fn at(&self, root: RowId, path: &[PathStep]) -> (Vec<RowId>, ShapeId) {
        self.walk(root, path, |_, _| {})
    }

    /// By row on a path: the one in which it stands.
    pub(crate) fn parents(&self, root: RowId, path: &[PathStep]) -> HashMap<RowId, RowId> {
        let mut parents = HashMap::new();
        self.walk(root, path, |parent, rows| parents.extend(rows.iter().map(|row| (*row, parent))));
        parents
    }

    /// Goes down a path, and tells of each row on it those in its slot.
    fn walk(
        &self,
        root: RowId,
        path: &[PathStep],
        mut meet: impl FnMut(RowId, &[RowId]),
    ) -> (Vec<RowId>, ShapeId) {
        let plan = self.prepared.plan();
        let mut reached = vec![root];
        let mut shape = plan.root;
        // The requests for the further items of a list are for nothing beside it.
        let mut meant = self.part.is_none_or(|part| plan.deferred[part].list.is_none());
        for step in path {
            let stream = self.stream(shape, step.slot);
            meant |= stream.is_some() && stream == self.part;
            let mut next = Vec::new();
            for row in reached {
                if step.types.contains(self.arena.ty(row)) {
                    let cell = self.window(self.arena.slot(row, step.slot), stream);
                    let known = next.len();
                    rows_in(self.arena, cell, &mut next);
                    meet(row, &next[known..]);
                }
            }
            reached = next;
            let Some(inner) = plan.shapes[shape].slots[step.slot].value.shape() else { break };
            shape = inner;
        }
        if !meant {
            reached.clear();
        }
        (reached, shape)
    }

    /// The part that further items of a list are, if they come apart.
    fn stream(&self, shape: ShapeId, slot: SlotId) -> Option<DeferId> {
        let streams = self.prepared.plan().deferred.iter_with_ids();
        let here = |part: &octavo_query_plan::Deferred| {
            let slots = part.list.iter().flat_map(|list| &list.slots);
            part.shapes.iter().zip(slots).any(|(s, l)| (*s, *l) == (shape, slot))
        };
        let part = streams.filter(|(_, part)| here(part)).map(|(id, _)| id).next();
        part.filter(|part| self.parts.first(Some(*part)).is_some())
    }

    /// The items that the part's requests are for.
    fn window(&self, cell: Cell, stream: Option<DeferId>) -> Cell {
        let (Some(stream), Cell::List { start, len }) = (stream, cell) else { return cell };
        let first = self.parts.first(Some(stream)).unwrap_or(0).min(len);
        if self.part == Some(stream) {
            let start = Arena::items(start, len).nth(first as usize).unwrap_or(start);
            Cell::List { start, len: len - first }
        } else if is_in(self.prepared.plan(), self.part, stream) {
            cell
        } else {
            cell.cut(Some(first))
        }
    }
}

/// The rows in a cell, past any lists.
fn rows_in(arena: &Arena, cell: Cell, rows: &mut Vec<RowId>) {
    match cell {
        Cell::Row(row) => rows.push(row),
        Cell::List { start, len } => {
            for item in Arena::items(start, len) {
                rows_in(arena, arena.get(item), rows);
            }
        }
        _ => {}
    }
}
