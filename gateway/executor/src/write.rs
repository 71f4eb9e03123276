//! The response completed and written, in one pass over the rows.
//!
//! 1. Each value is checked as it is written. One that does not fit becomes null with an error; where null is not allowed,
//!    what was written of the object or list around it is taken back, and that becomes null (Errors and Non-Null Fields,
//!    <https://spec.graphql.org/draft/#sec-Handling-Execution-Errors>).
//! 2. Errors that subgraphs reported are told with the path at which they are met: once a position.
//! 3. What no position could tell is told last, without a path.

use bytes::Bytes;
use octavo_index::Id;
use octavo_query_plan::{DeferId, Output, OutputValue, QueryPlan, ShapeId, Slot, TypeIndex, ValueType};

use crate::arena::{Arena, Cell, CellId, RowId};
use crate::failure::{FailureId, Message, Segment, code};
use crate::leaf::{Misfit, Text, write_leaf, write_text};
use crate::parts::{Items, Lost, Parts};
use crate::prepared::{OutputKey, Prepared, PreparedShape};
use crate::told::Told;
use crate::untold::UNTOLD;

/// Writes the whole response; gives it with the number of its errors.
pub(crate) fn write_response(page: &Page<'_>, root: RowId) -> (Bytes, usize) {
    let mut writer = Writer::new(page, Vec::new(), None);
    writer.out.reserve(page.arena.size() + page.arena.size() / 4 + 64);
    writer.out.push(b'{');
    writer.root(root);
    writer.told.tell_rest();
    let errors = writer.told.write(&mut writer.out);
    writer.out.push(b'}');
    (writer.out.into(), errors)
}

/// What is written: one part of the response, of what was read.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) arena: &'a Arena,
    pub(crate) conditions: &'a [bool],
    pub(crate) parts: &'a Parts,
    /// `None`: the first part.
    pub(crate) part: Option<DeferId>,
}

/// Where a value stands in the response. Written out only for errors.
pub(crate) struct Path<'a> {
    pub(crate) parent: Option<&'a Path<'a>>,
    pub(crate) step: Step<'a>,
}

/// One step of a path.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The response as a whole.
    Root,
    /// An output, by the bytes before its value: a comma, the quoted key and a colon.
    Key(&'a str),
    Index(u32),
}

/// Marks that null stands where it may not, so that what is around it becomes null.
pub(crate) struct Nulled;

type Written = Result<(), Nulled>;

/// Writes objects of one part.
pub(crate) struct Writer<'a> {
    prepared: &'a Prepared,
    pub(crate) plan: &'a QueryPlan,
    pub(crate) arena: &'a Arena,
    conditions: &'a [bool],
    parts: &'a Parts,
    part: Option<DeferId>,
    pub(crate) out: Vec<u8>,
    pub(crate) told: Told<'a>,
    /// What became null of what was written; noted only if there are parts to come.
    pub(crate) lost: Option<Lost>,
}

impl<'a> Writer<'a> {
    /// `messages` says which errors were told before, by id.
    pub(crate) fn new(page: &Page<'a>, messages: Vec<bool>, lost: Option<Lost>) -> Self {
        let Page { prepared, arena, conditions, parts, part } = *page;
        let told = Told::new(&arena.failures, prepared.options().max_errors, messages);
        let (plan, out) = (&**prepared.plan(), Vec::new());
        Self { prepared, plan, arena, conditions, parts, part, out, told, lost }
    }

    /// Writes `"data"` from the root.
    pub(crate) fn root(&mut self, root: RowId) {
        self.out.extend_from_slice(b"\"data\":");
        let path = Path { parent: None, step: Step::Root };
        if !self.part_of((root, self.plan.root), &path) {
            self.out.extend_from_slice(b"null");
        }
    }

    /// Writes what belongs to the part of one object and what is inside it. Nothing is written, and false given, if it became null.
    pub(crate) fn part_of(&mut self, at: (RowId, ShapeId), path: &Path<'_>) -> bool {
        let start = self.out.len();
        let mark = self.told.mark();
        let written = self.object(at, path).is_ok();
        if !written {
            self.told.settle(&mark);
            self.out.truncate(start);
            self.lose_row(at.0);
        }
        written
    }

    /// Writes further items of a list. Nothing is written, and false given, if one of them may not be null and is.
    pub(crate) fn items(&mut self, items: Items<'_>, path: &Path<'_>) -> bool {
        let Items { field, item, start, len, first } = items;
        let begin = self.out.len();
        let mut whole = true;
        for (index, cell) in (0..len).zip(Arena::items(start, len)).skip(first as usize) {
            if index > first {
                self.out.push(b',');
            }
            let path = Path { parent: Some(path), step: Step::Index(index) };
            whole &= self.value(self.arena.get(cell), item, (field, &path)).is_ok();
        }
        if !whole {
            self.out.truncate(begin);
            if let Some(lost) = &mut self.lost {
                lost.tails.insert(start);
            }
        }
        whole
    }

    fn lose_row(&mut self, row: RowId) {
        if let Some(lost) = &mut self.lost {
            lost.rows.insert(row);
        }
    }
}

impl Writer<'_> {
    fn object(&mut self, (row, shape): (RowId, ShapeId), path: &Path<'_>) -> Written {
        let (plan, prepared) = (self.plan, self.prepared);
        let constants = &prepared.shapes[shape];
        let shape = &plan.shapes[shape];
        let ty = self.arena.ty(row);
        if ty.is_none() && self.needs_type(shape) {
            return Err(self.untold((row, shape), constants, path));
        }
        let mut nulled = false;
        let mut begun = false;
        self.out.push(b'{');
        for (output, key) in shape.outputs.iter().zip(&constants.keys) {
            if !self.is_written(output, ty) {
                if shape.interface_objects {
                    self.pass_over(output, (row, shape), ty);
                }
                continue;
            }
            let cut = usize::from(!begun);
            let text = Text { from: &key.padded[cut..], len: key.text.len() - cut };
            write_text(&mut self.out, text);
            begun = true;
            match output.value {
                OutputValue::Slot(slot) => {
                    let cell = self.arena.slot(row, slot).cut(self.parts.first(output.stream));
                    let field = &shape.slots[slot];
                    // Once the object is lost, a second null of nobody's fault is no news.
                    let known = nulled && matches!(cell, Cell::Missing | Cell::Null);
                    if !known && self.leaf(cell, &field.value).is_err() {
                        let path = Path { parent: Some(path), step: Step::Key(&key.text) };
                        nulled |= self.value(cell, output.value_type(field, ty), (field, &path)).is_err();
                    }
                }
                OutputValue::Typename => nulled |= self.typename(ty, constants, (path, key)).is_err(),
                OutputValue::Refused { non_null } => nulled |= self.refused(non_null, (path, key)).is_err(),
            }
        }
        self.out.push(b'}');
        if nulled { Err(Nulled) } else { Ok(()) }
    }

    /// Writes the name of a row's type. That of an `@interfaceObject` may be unknown.
    fn typename(
        &mut self,
        ty: Option<TypeIndex>,
        constants: &PreparedShape,
        (path, key): (&Path<'_>, &OutputKey),
    ) -> Written {
        let Some(ty) = ty else {
            let path = Path { parent: Some(path), step: Step::Key(&key.text) };
            self.told.tell_absence(&Message::new(UNTOLD, code::INVALID, None), &path);
            return Err(Nulled);
        };
        self.out.extend_from_slice(constants.type_names[ty.index()].as_bytes());
        Ok(())
    }

    /// Tells that the caller may not see a field, and writes null.
    #[cold]
    fn refused(&mut self, non_null: bool, (path, key): (&Path<'_>, &OutputKey)) -> Written {
        let path = Path { parent: Some(path), step: Step::Key(&key.text) };
        let message = Message::new("you are not authorized to see this field", code::UNAUTHORIZED, None);
        self.told.tell(&message, Some(&path), &[]);
        if non_null {
            return Err(Nulled);
        }
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    #[inline]
    fn is_written(&self, output: &Output, ty: Option<TypeIndex>) -> bool {
        output.types.contains(ty) && self.belongs(output)
    }

    /// Whether an output is written in this part, of objects of its types.
    #[inline]
    pub(crate) fn belongs(&self, output: &Output) -> bool {
        self.holds(output) && self.parts.of(output.defer) == self.part
    }

    /// Whether an output is written in some part.
    #[inline]
    pub(crate) fn holds(&self, output: &Output) -> bool {
        output.when.is_none_or(|when| self.conditions[when.index()])
    }

    /// Writes a value, if it is a leaf and fits: most are, and need no path.
    #[inline]
    fn leaf(&mut self, cell: Cell, value: &ValueType) -> Result<(), Misfit> {
        let (ValueType::Leaf { kind, .. }, Cell::Leaf { buffer, start, len }) = (value, cell) else {
            return Err(Misfit);
        };
        let text = Text { from: self.arena.text_from(buffer, start), len: len as usize };
        write_leaf(&mut self.out, self.plan, *kind, text)
    }

    fn value(&mut self, cell: Cell, value: &ValueType, at: (&Slot, &Path<'_>)) -> Written {
        let start = self.out.len();
        let mark = self.told.mark();
        let written = match (value, cell) {
            (ValueType::Leaf { .. }, Cell::Leaf { .. }) => self
                .leaf(cell, value)
                .map_err(|Misfit| self.invalid("has a value that its type does not accept", at)),
            (ValueType::Object { shape, .. }, Cell::Row(row)) => self.row(row, *shape, at),
            (ValueType::List { item, .. }, Cell::List { start, len }) => self.list((start, len), item, at),
            (_, Cell::Missing | Cell::Null) if value.non_null() => Err(self.absent(at)),
            (_, Cell::Missing | Cell::Null) => Err(Nulled),
            (_, Cell::Failed(failure)) => Err(self.failed(failure, at.1)),
            _ => Err(self.invalid("has a value of another kind than its type", at)),
        };
        if written.is_ok() {
            return Ok(());
        }
        self.out.truncate(start);
        self.told.settle(&mark);
        if value.non_null() {
            return Err(Nulled);
        }
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn row(&mut self, row: RowId, shape: ShapeId, at: (&Slot, &Path<'_>)) -> Written {
        let expected = &self.plan.shapes[shape];
        let ty = self.arena.ty(row).map(|ty| &expected.types[ty]);
        let written = if ty.map_or(expected.interface_objects, |ty| ty.accessible) {
            self.object((row, shape), at.1)
        } else {
            Err(self.invalid("has an object of a type that is not known here", at))
        };
        if written.is_err() {
            self.lose_row(row);
        }
        written
    }

    fn list(&mut self, (start, len): (CellId, u32), item: &ValueType, at: (&Slot, &Path<'_>)) -> Written {
        self.out.push(b'[');
        let mut nulled = false;
        for (index, cell) in (0..len).zip(Arena::items(start, len)) {
            if index > 0 {
                self.out.push(b',');
            }
            let path = Path { parent: Some(at.1), step: Step::Index(index) };
            nulled |= self.value(self.arena.get(cell), item, (at.0, &path)).is_err();
        }
        self.out.push(b']');
        if !nulled {
            return Ok(());
        }
        if let Some(lost) = &mut self.lost {
            lost.lists.insert(start);
        }
        Err(Nulled)
    }

    #[cold]
    fn invalid(&mut self, what: &str, (field, path): (&Slot, &Path<'_>)) -> Nulled {
        let text = format!("the field \"{}\" {what}", field.field);
        let message = Message::new(&text, code::INVALID, field.subgraph.as_deref());
        self.told.tell(&message, Some(path), &[]);
        Nulled
    }

    #[cold]
    fn absent(&mut self, (field, path): (&Slot, &Path<'_>)) -> Nulled {
        let text = format!("the field \"{}\" is null, which its type does not allow", field.field);
        self.told.tell_absence(&Message::new(&text, code::INVALID, field.subgraph.as_deref()), path);
        Nulled
    }

    #[cold]
    fn failed(&mut self, failure: FailureId, path: &Path<'_>) -> Nulled {
        self.told.tell_failure(failure, path);
        Nulled
    }
}

impl Path<'_> {
    /// The path as a JSON list.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        self.write(&[], &mut text);
        text
    }

    /// Writes the path and what follows it as a JSON list.
    pub(crate) fn write(&self, beneath: &[Segment], out: &mut Vec<u8>) {
        out.push(b'[');
        self.write_steps(out);
        for segment in beneath {
            match segment {
                Segment::Key(key) => out.extend_from_slice(key.as_bytes()),
                Segment::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
            }
            out.push(b',');
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.push(b']');
    }

    fn write_steps(&self, out: &mut Vec<u8>) {
        if let Some(parent) = self.parent {
            parent.write_steps(out);
        }
        match self.step {
            Step::Root => return,
            Step::Key(key) => out.extend_from_slice(&key.as_bytes()[1..key.len() - 1]),
            Step::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
        }
        out.push(b',');
    }
}
