//! Values that arguments take from the objects around entities.

use std::collections::HashMap;

use octavo_query_plan::{ContextArgument, EntityGroup, RepresentationField, RepresentationValue, ShapeId};

use crate::arena::{Arena, Cell, RowId};
use crate::prepared::Prepared;

/// A value for each context argument of a group, as JSON text, in their order.
pub(crate) type Values = Box<[Box<[u8]>]>;

/// The rows around those of one group.
pub(crate) struct Around<'p, 'a> {
    prepared: &'p Prepared,
    arena: &'a Arena,
    group: &'p EntityGroup,
    /// By row: the one in which it stands.
    parents: HashMap<RowId, RowId>,
    /// The shapes on the way, from the root on.
    shapes: Vec<ShapeId>,
}

impl<'p, 'a> Around<'p, 'a> {
    pub(crate) fn new(
        prepared: &'p Prepared,
        arena: &'a Arena,
        group: &'p EntityGroup,
        parents: HashMap<RowId, RowId>,
    ) -> Self {
        let plan = prepared.plan();
        let mut shapes = vec![plan.root];
        for step in &group.path {
            let inner = shapes.last().and_then(|shape| plan.shapes[*shape].slots[step.slot].value.shape());
            shapes.extend(inner);
        }
        Self { prepared, arena, group, parents, shapes }
    }

    /// The values for one row; `None` if one that is required is not there.
    pub(crate) fn values(&self, row: RowId) -> Option<Values> {
        let mut trail = vec![row];
        let mut at = row;
        while let Some(&parent) = self.parents.get(&at) {
            trail.push(parent);
            at = parent;
        }
        trail.reverse();
        self.group.contexts.iter().map(|argument| self.value(argument, row, &trail)).collect()
    }

    /// The JSON text of an argument's value: that of the nearest object whose type sets the context.
    fn value(&self, argument: &ContextArgument, row: RowId, trail: &[RowId]) -> Option<Box<[u8]>> {
        let sources = argument.sources.iter().filter(|_| argument.types.contains(self.arena.ty(row)));
        let mut objects = sources.filter_map(|source| {
            let around = *trail.get(source.depth)?;
            let shape = *self.shapes.get(source.depth)?;
            source.types.contains(self.arena.ty(around)).then_some((around, shape, &source.fields))
        });
        let mut out = Vec::new();
        let found =
            objects.next().and_then(|(row, shape, fields)| self.field((row, shape), fields, &mut out));
        match found {
            Some(()) => Some(out.into()),
            None => (!argument.required).then(|| Box::from(*b"null")),
        }
    }

    /// Writes what the first of the fields leads to that an object has; nothing if that is not there.
    fn field(
        &self,
        (row, shape): (RowId, ShapeId),
        fields: &[RepresentationField],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let ty = self.arena.ty(row);
        fields.iter().filter(|field| field.types.contains(ty)).find_map(|field| match &field.value {
            RepresentationValue::Typename => None,
            RepresentationValue::Slot { slot, fields } => {
                let inner = self.prepared.plan().shapes[shape].slots[*slot].value.shape();
                self.write(self.arena.slot(row, *slot), (inner, fields), out)
            }
        })
    }

    fn write(
        &self,
        cell: Cell,
        (shape, fields): (Option<ShapeId>, &[RepresentationField]),
        out: &mut Vec<u8>,
    ) -> Option<()> {
        match (cell, shape) {
            (Cell::Leaf { buffer, start, len }, _) => {
                out.extend_from_slice(self.arena.text(buffer, start, len));
                Some(())
            }
            (Cell::Row(row), Some(shape)) => self.field((row, shape), fields, out),
            (Cell::List { start, len }, _) => {
                for (index, item) in Arena::items(start, len).enumerate() {
                    out.push(if index == 0 { b'[' } else { b',' });
                    if self.write(self.arena.get(item), (shape, fields), out).is_none() {
                        out.extend_from_slice(b"null");
                    }
                }
                out.extend_from_slice(if len == 0 { b"[]" } else { b"]" });
                Some(())
            }
            _ => None,
        }
    }
}
