//! A row read once, copied into every row that it belongs to: equal representations are asked for once.

use crate::arena::{Arena, Cell, CellId, RowId};
use crate::prepared::Prepared;
use crate::read::unequal;
use octavo_query_plan::ShapeId;

/// Merges the cells of `from` into `into`, a row of the same shape. What is copied is not shared: later answers may
/// differ.
pub(crate) fn merge_rows(
    prepared: &Prepared,
    arena: &mut Arena,
    shape: ShapeId,
    (into, from): (RowId, RowId),
) {
    if let Some(ty) = arena.ty(from) {
        arena.narrow(into, ty);
    }
    for (slot, field) in prepared.plan().shapes[shape].slots.iter_with_ids() {
        let (into, from) = (arena.cell_of(into, slot), arena.slot(from, slot));
        let merged = merge_cells(prepared, arena, field.value.shape(), (into, from));
        if let Some(merged) = merged {
            arena.set(into, merged);
        }
    }
}

/// What takes the place of `into`, if anything does.
fn merge_cells(
    prepared: &Prepared,
    arena: &mut Arena,
    shape: Option<ShapeId>,
    (into, from): (CellId, Cell),
) -> Option<Cell> {
    match (arena.get(into), from) {
        (_, Cell::Missing) => None,
        (Cell::Row(into), Cell::Row(from)) => {
            merge_rows(prepared, arena, shape?, (into, from));
            None
        }
        (Cell::List { start, len }, Cell::List { start: from, len: from_len }) => {
            if len != from_len {
                return Some(Cell::Failed(unequal(arena, None)));
            }
            for (into, from) in Arena::items(start, len).zip(Arena::items(from, len)) {
                let from = arena.get(from);
                if let Some(merged) = merge_cells(prepared, arena, shape, (into, from)) {
                    arena.set(into, merged);
                }
            }
            None
        }
        (old, new) if old == Cell::Missing || (old.is_empty() && !new.is_empty()) => {
            arena.displaced |= matches!(old, Cell::Failed(_));
            Some(copy(prepared, arena, shape, new))
        }
        _ => None,
    }
}

fn copy(prepared: &Prepared, arena: &mut Arena, shape: Option<ShapeId>, from: Cell) -> Cell {
    match (from, shape) {
        (Cell::Row(from), Some(shape)) => {
            let into = arena.new_row(prepared, shape);
            merge_rows(prepared, arena, shape, (into, from));
            Cell::Row(into)
        }
        (Cell::List { start, len }, _) => {
            let items: Vec<Cell> = Arena::items(start, len)
                .map(|item| {
                    let item = arena.get(item);
                    copy(prepared, arena, shape, item)
                })
                .collect();
            arena.new_list(items.into_iter())
        }
        _ => from,
    }
}
