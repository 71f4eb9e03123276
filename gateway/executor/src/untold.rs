//! Objects of which it matters what type they have, where a subgraph knows them by their interface alone (`@interfaceObject`): it is
//! asked of all objects for what is wanted of some, before another subgraph tells which these are.

use std::collections::BTreeSet;

use octavo_query_plan::{Output, OutputValue, Shape, ShapeId, TypeIndex, TypeSet};

use crate::arena::{Arena, Cell, RowId};
use crate::failure::{Message, code};
use crate::prepared::PreparedShape;
use crate::write::{Nulled, Path, Step, Writer};

/// What is said of an object whose type was not told.
pub(crate) const UNTOLD: &str = "no subgraph told the type of the object";

/// The client's key of a field of an object whose type nobody knows, of those that it has on objects of some types, those of all
/// types first. `None` where it depends on the type.
pub(crate) fn key_whatever_type<'k, K: PartialEq>(
    mut keys: impl Iterator<Item = (&'k TypeSet, K)>,
) -> Option<K> {
    let (types, first) = keys.next()?;
    let same = |(other, key): (&TypeSet, K)| other == types || key == first;
    (*types == TypeSet::All || keys.all(same)).then_some(first)
}

impl Writer<'_> {
    /// Takes note of what is not written because the row is of another type: an interface object is asked of all objects for what
    /// is wanted of some, and what failed of the others is nobody's error.
    pub(crate) fn pass_over(
        &mut self,
        output: &Output,
        (row, shape): (RowId, &Shape),
        ty: Option<TypeIndex>,
    ) {
        if let OutputValue::Slot(slot) = output.value
            && !output.types.contains(ty)
        {
            self.hush(self.arena.slot(row, slot), shape.slots[slot].value.shape());
        }
    }

    /// Takes what failed in a value, and in what is beneath it, as told.
    fn hush(&mut self, cell: Cell, shape: Option<ShapeId>) {
        match cell {
            Cell::Failed(failure) => self.told.hush(failure),
            Cell::List { start, len } => {
                Arena::items(start, len).for_each(|item| self.hush(self.arena.get(item), shape));
            }
            Cell::Row(row) => {
                let Some(shape) = shape else { return };
                for (slot, definition) in self.plan.shapes[shape].slots.iter_with_ids() {
                    self.hush(self.arena.slot(row, slot), definition.value.shape());
                }
            }
            Cell::Missing | Cell::Null | Cell::Leaf { .. } => {}
        }
    }

    /// Whether something is written of objects of some types alone, so that nothing can be said of one whose type no subgraph told.
    pub(crate) fn needs_type(&self, shape: &Shape) -> bool {
        let some = |output: &&Output| output.types != TypeSet::All;
        shape.outputs.iter().filter(some).any(|output| self.belongs(output))
    }

    /// Tells why the type of an object is not known: what failed of what would have told it, if something did.
    /// What failed further down is lost with the object.
    #[cold]
    pub(crate) fn untold(
        &mut self,
        (row, shape): (RowId, &Shape),
        keys: &PreparedShape,
        path: &Path<'_>,
    ) -> Nulled {
        let mut told = BTreeSet::new();
        for (slot, definition) in shape.slots.iter_with_ids() {
            let cell = self.arena.slot(row, slot);
            let outputs = shape.outputs.iter().zip(&keys.keys);
            let outputs = outputs.filter(|(o, _)| o.value == OutputValue::Slot(slot) && self.holds(o));
            let mut outputs: Vec<_> = outputs.collect();
            if let Cell::Failed(failure) = cell
                && outputs.iter().any(|(output, _)| self.belongs(output))
                && told.insert(failure)
            {
                outputs.sort_by_key(|(output, _)| output.types != TypeSet::All);
                let key = key_whatever_type(outputs.iter().map(|(output, key)| (&output.types, &*key.text)));
                let below = key.map(|key| Path { parent: Some(path), step: Step::Key(key) });
                self.told.tell_failure(failure, below.as_ref().unwrap_or(path));
            }
            self.hush(cell, definition.value.shape());
        }
        if told.is_empty() {
            self.told.tell(&Message::new(UNTOLD, code::INVALID, None), Some(path), &[]);
        }
        Nulled
    }
}
