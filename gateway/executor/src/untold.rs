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
        for (output, key) in shape.outputs.iter().zip(&keys.keys) {
            let OutputValue::Slot(slot) = output.value else { continue };
            if let Cell::Failed(failure) = self.arena.slot(row, slot)
                && self.belongs(output)
                && told.insert(failure)
            {
                let path = Path { parent: Some(path), step: Step::Key(&key.text) };
                self.told.tell_failure(failure, &path);
            }
            self.hush(self.arena.slot(row, slot), shape.slots[slot].value.shape());
        }
        if told.is_empty() {
            self.told.tell(&Message::new(UNTOLD, code::INVALID, None), Some(path), &[]);
        }
        Nulled
    }
}
