//! The rows of one response, in one arena: a row has a type and one cell a slot, and a leaf is a span of an answer.
//!
//! What an answer does to cells and rows that were there before it is journalled, so that an answer that turns out to be
//! malformed leaves nothing behind.

use bytes::Bytes;
use octavo_index::{Id, IndexVec};
use octavo_query_plan::{ShapeId, SlotId, TypeIndex};

use crate::failure::{FailureId, Failures};
use crate::prepared::Prepared;

octavo_index::define_ids! {
    /// Names a [`Row`].
    RowId,
    /// Names a [`Cell`].
    CellId,
    /// Names a buffer that leaves point into.
    BufferId,
}

/// The value of one slot, or one item of a list. Four words, so that copies are whole words: with a tag of one byte
/// they overlap, and each read waits for the write before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Cell {
    /// Nothing was said of it.
    Missing,
    Null,
    /// JSON text of an answer.
    Leaf {
        buffer: BufferId,
        start: u32,
        len: u32,
    },
    Row(RowId),
    /// Cells in a row.
    List {
        start: CellId,
        len: u32,
    },
    /// Null, because of an error.
    Failed(FailureId),
}

const _: () = assert!(size_of::<Cell>() == 16);

impl Cell {
    /// A list's first items; anything else is as it was.
    pub(crate) fn cut(self, first: Option<u32>) -> Self {
        match (self, first) {
            (Self::List { start, len }, Some(first)) => Self::List { start, len: len.min(first) },
            _ => self,
        }
    }

    /// Whether any value may take its place.
    pub(crate) fn is_empty(self) -> bool {
        matches!(self, Self::Missing | Self::Null | Self::Failed(_))
    }
}

/// An arena with this many cells takes no more: small answers can stand for many.
const MAX_CELLS: usize = 1 << 23;

/// One response object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Which of its shape's types it has, once that is known.
    pub(crate) ty: Option<TypeIndex>,
    /// Its first cell.
    first: CellId,
}

/// Everything that one request has read.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    rows: IndexVec<RowId, Row>,
    cells: Vec<Cell>,
    buffers: IndexVec<BufferId, Bytes>,
    pub(crate) failures: Failures,
    /// Whether a value took the place of a null with an error.
    pub(crate) displaced: bool,
    journal: Vec<Change>,
    /// How many cells and rows there were when the answer began.
    mark: (usize, usize),
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Cell(CellId, Cell),
    Type(RowId),
}

impl Arena {
    /// An arena with the root row.
    pub(crate) fn new(prepared: &Prepared) -> (Self, RowId) {
        let mut arena = Self::default();
        let root = arena.new_row(prepared, prepared.plan().root);
        (arena, root)
    }

    /// A row of `shape`, its cells missing. If the shape has one type, the row has it.
    #[inline]
    pub(crate) fn new_row(&mut self, prepared: &Prepared, shape: ShapeId) -> RowId {
        let shape = &prepared.plan().shapes[shape];
        let first = CellId::new(self.cells.len());
        self.cells.resize(self.cells.len() + shape.slots.len(), Cell::Missing);
        let ty = (shape.types.len() == 1).then(|| TypeIndex::new(0));
        self.rows.push(Row { ty, first })
    }

    /// Whether no more rows should be made.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.cells.len() > MAX_CELLS
    }

    pub(crate) fn ty(&self, row: RowId) -> Option<TypeIndex> {
        self.rows[row].ty
    }

    /// Says which type a row has, if that is not known yet.
    pub(crate) fn narrow(&mut self, row: RowId, ty: TypeIndex) {
        if self.rows[row].ty.is_none() {
            if row.index() < self.mark.1 {
                self.journal.push(Change::Type(row));
            }
            self.rows[row].ty = Some(ty);
        }
    }

    /// The cell of a row's slot.
    #[inline]
    pub(crate) fn cell_of(&self, row: RowId, slot: SlotId) -> CellId {
        CellId::new(self.rows[row].first.index() + slot.index())
    }

    #[inline]
    pub(crate) fn get(&self, cell: CellId) -> Cell {
        self.cells[cell.index()]
    }

    /// The value of a row's slot.
    pub(crate) fn slot(&self, row: RowId, slot: SlotId) -> Cell {
        self.get(self.cell_of(row, slot))
    }

    #[inline]
    pub(crate) fn set(&mut self, cell: CellId, value: Cell) {
        let old = &mut self.cells[cell.index()];
        if cell.index() < self.mark.0 {
            self.journal.push(Change::Cell(cell, *old));
        }
        *old = value;
    }

    /// The items of a list, as cells.
    pub(crate) fn items(start: CellId, len: u32) -> impl Iterator<Item = CellId> {
        (0..len as usize).map(move |index| CellId::new(start.index() + index))
    }

    /// Lays items out as a list.
    pub(crate) fn new_list(&mut self, items: impl Iterator<Item = Cell>) -> Cell {
        let start = CellId::new(self.cells.len());
        self.cells.extend(items);
        let len = u32::try_from(self.cells.len() - start.index()).expect("cell ids fit 32 bits");
        Cell::List { start, len }
    }

    /// Takes an answer in, and makes room for about what it will fill.
    pub(crate) fn add_buffer(&mut self, buffer: Bytes) -> BufferId {
        self.cells.reserve(buffer.len() / 32);
        self.buffers.push(buffer)
    }

    /// The text of a leaf.
    #[inline]
    pub(crate) fn text(&self, buffer: BufferId, start: u32, len: u32) -> &[u8] {
        &self.buffers[buffer][start as usize..][..len as usize]
    }

    /// A buffer from `start` to its end.
    #[inline]
    pub(crate) fn text_from(&self, buffer: BufferId, start: u32) -> &[u8] {
        &self.buffers[buffer][start as usize..]
    }

    /// How many bytes were read: about as many will be written.
    pub(crate) fn size(&self) -> usize {
        self.buffers.iter().map(Bytes::len).sum()
    }

    /// Runs `read`; if it fails, everything is as it was before.
    pub(crate) fn attempt<T, E>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.mark = (self.cells.len(), self.rows.len());
        let failures = self.failures.mark();
        let result = read(self);
        if result.is_err() {
            for change in self.journal.drain(..).rev() {
                match change {
                    Change::Cell(cell, old) => self.cells[cell.index()] = old,
                    Change::Type(row) => self.rows[row].ty = None,
                }
            }
            self.cells.truncate(self.mark.0);
            self.failures.reset(failures);
        }
        self.journal.clear();
        self.mark = (0, 0);
        result
    }
}
