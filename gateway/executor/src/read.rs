//! An answer read into rows, directed by a selection: one pass, no tree, no copies.
//!
//! 1. Keys are compared with the one that is expected next, since a subgraph answers in the order in which it was asked;
//!    only when they differ, the key is looked up. A key that was not asked for is passed over.
//! 2. A value is read into the cell of its slot. What is there already is merged with it: anything takes the place of
//!    nothing, a value that of null, the fields of two objects are united, the items of two lists are united one by one.
//! 3. A value that cannot be what was asked for fails its position; text that is not JSON fails the answer.

use octavo_query_plan::SelectionId;
use smallvec::SmallVec;

use crate::arena::{Arena, BufferId, Cell, CellId, RowId};
use crate::failure::{FailureId, Message, code};
use crate::prepared::{Prepared, PreparedSelection, ReadKind, Target};
use crate::scan::{Malformed, Scanner, Span};

type Read<T> = Result<T, Malformed>;

/// Reads one text into an arena.
pub(crate) struct Reader<'r, 't> {
    prepared: &'r Prepared,
    pub(crate) arena: &'r mut Arena,
    pub(crate) scan: Scanner<'t>,
    buffer: BufferId,
    service: &'r str,
    /// Items of lists that are not complete, innermost last.
    items: Vec<Cell>,
    misfit: Option<FailureId>,
}

impl<'r, 't> Reader<'r, 't> {
    /// Reads `text`, which is the arena's `buffer` and comes from the subgraph `service`.
    pub(crate) fn new(
        prepared: &'r Prepared,
        arena: &'r mut Arena,
        (buffer, text): (BufferId, &'t [u8]),
        service: &'r str,
    ) -> Read<Self> {
        let scan = Scanner::new(text)?;
        Ok(Self { prepared, arena, scan, buffer, service, items: Vec::new(), misfit: None })
    }

    /// Reads an object into a row.
    pub(crate) fn object(&mut self, row: RowId, selection: SelectionId) -> Read<()> {
        let prepared = self.prepared;
        self.object_of(row, &prepared.selections[selection])
    }

    /// Reads an object into a row.
    pub(crate) fn object_of(&mut self, row: RowId, selection: &PreparedSelection) -> Read<()> {
        self.scan.expect(b'{')?;
        if self.scan.accept(b'}') {
            return Ok(());
        }
        let mut order = Order::default();
        loop {
            match order.next(&mut self.scan, selection)? {
                Some(Target::Slot { slot, kind }) => {
                    let cell = self.arena.cell_of(row, slot);
                    if kind.is_leaf() {
                        self.leaf(cell)?;
                    } else {
                        self.value(cell, kind)?;
                    }
                }
                Some(Target::Typename) => self.typename(row, selection)?,
                None => {
                    self.scan.value()?;
                }
            }
            if self.scan.accept(b'}') {
                return Ok(());
            }
            self.scan.expect(b',')?;
        }
    }

    /// Reads a leaf and merges it into a cell.
    #[inline]
    fn leaf(&mut self, cell: CellId) -> Read<()> {
        let null = self.scan.peek() == b'n';
        let Span { start, len } = self.scan.value()?;
        let old = self.arena.get(cell);
        if null {
            if old == Cell::Missing {
                self.arena.set(cell, Cell::Null);
            }
        } else if old.is_empty() {
            self.arena.set(cell, Cell::Leaf { buffer: self.buffer, start, len });
        }
        Ok(())
    }

    /// Reads a value and merges it into a cell.
    fn value(&mut self, cell: CellId, kind: ReadKind) -> Read<()> {
        let old = self.arena.get(cell);
        match (old, self.scan.peek()) {
            (Cell::Row(row), b'{') if let (None, Some(selection)) = (kind.item(), kind.object()) => {
                self.object(row, selection)
            }
            (Cell::List { start, len }, b'[') if let Some(item) = kind.item() => {
                self.zip(cell, (start, len), item)
            }
            _ => {
                let new = self.fresh(kind)?;
                if old == Cell::Missing || (old.is_empty() && !new.is_empty()) {
                    self.arena.displaced |= matches!(old, Cell::Failed(_));
                    self.arena.set(cell, new);
                }
                Ok(())
            }
        }
    }

    /// Reads a value that nothing is there to be merged with.
    fn fresh(&mut self, kind: ReadKind) -> Read<Cell> {
        match (kind.item(), kind.object(), self.scan.peek()) {
            (_, _, b'n') => {
                self.scan.value()?;
                Ok(Cell::Null)
            }
            (None, None, _) => {
                let Span { start, len } = self.scan.value()?;
                Ok(Cell::Leaf { buffer: self.buffer, start, len })
            }
            (None, Some(_), b'{') if self.arena.is_full() => Err(Malformed::Size),
            (None, Some(selection), b'{') => {
                let row = self.arena.new_row(self.prepared, self.prepared.selections[selection].shape);
                self.object(row, selection)?;
                Ok(Cell::Row(row))
            }
            (Some(item), _, b'[') => self.list(item),
            _ => {
                self.scan.value()?;
                Ok(Cell::Failed(self.misfit()))
            }
        }
    }

    fn list(&mut self, item: ReadKind) -> Read<Cell> {
        let base = self.items.len();
        self.scan.expect(b'[')?;
        if !self.scan.accept(b']') {
            loop {
                let cell = self.fresh(item)?;
                self.items.push(cell);
                if self.scan.accept(b']') {
                    break;
                }
                self.scan.expect(b',')?;
            }
        }
        Ok(self.arena.new_list(self.items.drain(base..)))
    }

    /// Reads a list into the items of one that is there. If they are not of one length, neither can be trusted.
    fn zip(&mut self, cell: CellId, (start, len): (CellId, u32), item: ReadKind) -> Read<()> {
        let mut old = Arena::items(start, len);
        let mut equal = true;
        self.scan.expect(b'[')?;
        if !self.scan.accept(b']') {
            loop {
                if let Some(old) = old.next() {
                    self.value(old, item)?;
                } else {
                    equal = false;
                    self.scan.value()?;
                }
                if self.scan.accept(b']') {
                    break;
                }
                self.scan.expect(b',')?;
            }
        }
        if !equal || old.next().is_some() {
            let failed = Cell::Failed(unequal(self.arena, Some(self.service)));
            self.arena.set(cell, failed);
        }
        Ok(())
    }

    /// Reads a `__typename`. A name that the shape does not know says nothing: it may be an interface's.
    fn typename(&mut self, row: RowId, selection: &PreparedSelection) -> Read<()> {
        let span = self.scan.value()?;
        let name = self.scan.text(span);
        let names = &self.prepared.shapes[selection.shape].type_names;
        if let Some(index) = names.iter().position(|known| known.as_bytes() == name) {
            self.arena.narrow(row, octavo_index::Id::new(index));
        }
        Ok(())
    }

    fn misfit(&mut self) -> FailureId {
        if let Some(known) = self.misfit {
            return known;
        }
        let text = format!("the subgraph \"{}\" answered with a value of another kind", self.service);
        let message = self.arena.failures.say(Message::new(&text, code::MALFORMED, Some(self.service)));
        let failure = self.arena.failures.fail(message, Box::default());
        self.misfit = Some(failure);
        failure
    }
}

/// Lists that should be one, and are not of one length.
pub(crate) fn unequal(arena: &mut Arena, service: Option<&str>) -> FailureId {
    let text = "subgraphs answered with lists of unequal length for the same field";
    let message = arena.failures.say(Message::new(text, code::MALFORMED, service));
    arena.failures.fail(message, Box::default())
}

/// Finds the keys of one object among those of its selection.
#[derive(Default)]
struct Order {
    next: usize,
    /// Ranges of keys before `next` that have not come: from one position up to another.
    passed: SmallVec<[(usize, usize); 4]>,
}

impl Order {
    #[inline]
    fn next(&mut self, scan: &mut Scanner<'_>, selection: &PreparedSelection) -> Read<Option<Target>> {
        if let Some(key) = selection.keys.get(self.next)
            && scan.take(&key.token)
        {
            self.next += 1;
            return Ok(Some(key.target));
        }
        self.look_up(scan, selection)
    }

    fn look_up(&mut self, scan: &mut Scanner<'_>, selection: &PreparedSelection) -> Read<Option<Target>> {
        let key = scan.key()?;
        let position = if key.contains(&b'\\') {
            let text = [b"\"", key, b"\""].concat();
            let text: String = serde_json::from_slice(&text).map_err(|_| Malformed::Syntax)?;
            selection.position(text.as_bytes())
        } else {
            selection.position(key)
        };
        let Some(position) = position else { return Ok(None) };
        if position < self.next {
            self.return_to(position)?;
        } else {
            if position > self.next {
                self.passed.push((self.next, position));
            }
            self.next = position + 1;
        }
        Ok(Some(selection.keys[position].target))
    }

    /// Takes a position out of those that have not come. One that is not among them came before.
    fn return_to(&mut self, position: usize) -> Read<()> {
        let open = self.passed.iter_mut().find(|(from, to)| (*from..*to).contains(&position));
        let (from, to) = open.ok_or(Malformed::DuplicateKey)?;
        let rest = (position + 1, *to);
        *to = position;
        if *from == position {
            (*from, *to) = rest;
        } else if rest.0 < rest.1 {
            self.passed.push(rest);
        }
        Ok(())
    }
}
