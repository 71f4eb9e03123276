//! The representations of one entity group: rows found by path, written as bytes, equal ones joined if their arguments from contexts
//! are equal too.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};
use octavo_query_plan::{EntityGroup, Representation, RepresentationField, RepresentationValue, ShapeId};
use smallvec::SmallVec;

use crate::arena::{Arena, Cell, RowId};
use crate::context::{Around, Values};
use crate::prepared::Prepared;
use crate::rows::Rows;

/// What is asked for in one entity group.
#[derive(Debug)]
pub(crate) struct Representations<'p> {
    /// Every distinct representation, one after the other.
    pub(crate) text: Bytes,
    pub(crate) entities: Vec<Entity<'p>>,
    /// The distinct values of arguments from contexts; at least one.
    pub(crate) values: Vec<Values>,
}

/// One distinct representation.
#[derive(Debug)]
pub(crate) struct Entity<'p> {
    pub(crate) range: Range<usize>,
    /// Its `__typename`.
    pub(crate) type_name: &'p str,
    /// The rows that it stands for.
    pub(crate) owners: SmallVec<[RowId; 2]>,
    /// Its place in [`Representations::values`].
    pub(crate) values: usize,
}

impl<'p> Representations<'p> {
    /// Writes the representations of the rows that `group` means. Rows that cannot be represented are left out.
    pub(crate) fn collect(rows: &Rows<'p, '_>, root: RowId, group: &'p EntityGroup) -> Self {
        let Rows { prepared, arena, .. } = *rows;
        let around = (!group.contexts.is_empty())
            .then(|| Around::new(prepared, arena, group, rows.parents(root, &group.path)));
        let (rows, shape) = rows.at(root, &group.path);
        let mut all_values: HashMap<Values, usize> = HashMap::new();
        let mut writer = Writer { prepared, arena, out: Vec::with_capacity(rows.len() * 48) };
        let mut entities: Vec<Entity<'p>> = Vec::with_capacity(rows.len());
        let hasher = DefaultHashBuilder::default();
        let mut known: HashTable<usize> = HashTable::with_capacity(rows.len());
        for row in rows {
            let start = writer.out.len();
            let Some(type_name) = writer.entity(row, shape, &group.representations) else {
                writer.out.truncate(start);
                continue;
            };
            let values = match around.as_ref().map(|around| around.values(row)) {
                None => 0,
                Some(Some(values)) => {
                    let next = all_values.len();
                    *all_values.entry(values).or_insert(next)
                }
                Some(None) => {
                    writer.out.truncate(start);
                    continue;
                }
            };
            let text = &writer.out[start..];
            let hash = hasher.hash_one(text);
            let same = |&index: &usize| {
                let entity: &Entity<'_> = &entities[index];
                entity.values == values && &writer.out[entity.range.clone()] == text
            };
            if let Some(&index) = known.find(hash, same) {
                entities[index].owners.push(row);
                writer.out.truncate(start);
                continue;
            }
            let rehash = |&index: &usize| hasher.hash_one(&writer.out[entities[index].range.clone()]);
            known.insert_unique(hash, entities.len(), rehash);
            let owners = SmallVec::from_slice(&[row]);
            entities.push(Entity { range: start..writer.out.len(), type_name, owners, values });
        }
        let mut values: Vec<(Values, usize)> = all_values.into_iter().collect();
        values.sort_unstable_by_key(|(_, place)| *place);
        let mut values: Vec<Values> = values.into_iter().map(|(values, _)| values).collect();
        if values.is_empty() {
            values.push(Values::default());
        }
        Self { text: writer.out.into(), entities, values }
    }

    /// The entities by their values.
    pub(crate) fn by_values(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new(); self.values.len()];
        for (place, entity) in self.entities.iter().enumerate() {
            all[entity.values].push(place);
        }
        all
    }

    /// The text of one representation.
    pub(crate) fn text_of(&self, entity: usize) -> Bytes {
        self.text.slice(self.entities[entity].range.clone())
    }
}

struct Writer<'p, 'a> {
    prepared: &'p Prepared,
    arena: &'a Arena,
    out: Vec<u8>,
}

/// Marks a row that lacks a part of its key.
struct Unrepresentable;

impl<'p> Writer<'p, '_> {
    /// Writes the representation of a row, and gives its type's name.
    fn entity(&mut self, row: RowId, shape: ShapeId, choices: &'p [Representation]) -> Option<&'p str> {
        let ty = self.arena.ty(row);
        let choice = choices.iter().find(|choice| choice.types.contains(ty))?;
        let type_name = match &choice.typename {
            Some(name) => name,
            None => &self.prepared.plan().shapes[shape].types[ty?].name,
        };
        self.out.extend_from_slice(b"{\"__typename\":\"");
        self.out.extend_from_slice(type_name.as_bytes());
        self.out.push(b'"');
        self.fields((row, shape), &choice.fields, false).ok()?;
        Some(type_name)
    }

    /// Writes the fields of an object and its end.
    fn fields(
        &mut self,
        (row, shape): (RowId, ShapeId),
        fields: &[RepresentationField],
        mut first: bool,
    ) -> Result<(), Unrepresentable> {
        let ty = self.arena.ty(row);
        for field in fields.iter().filter(|field| field.types.contains(ty)) {
            self.out.extend_from_slice(if first { b"\"" } else { b",\"" });
            first = false;
            self.out.extend_from_slice(field.key.as_bytes());
            self.out.extend_from_slice(b"\":");
            let start = self.out.len();
            if self.field((row, shape), field).is_err() {
                if field.required {
                    return Err(Unrepresentable);
                }
                self.out.truncate(start);
                self.out.extend_from_slice(b"null");
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(
        &mut self,
        (row, shape): (RowId, ShapeId),
        field: &RepresentationField,
    ) -> Result<(), Unrepresentable> {
        match &field.value {
            RepresentationValue::Typename => {
                let ty = self.arena.ty(row).ok_or(Unrepresentable)?;
                let name = &self.prepared.shapes[shape].type_names[octavo_index::Id::index(ty)];
                self.out.extend_from_slice(name.as_bytes());
                Ok(())
            }
            RepresentationValue::Slot { slot, fields } => {
                let inner = self.prepared.plan().shapes[shape].slots[*slot].value.shape();
                self.value(self.arena.slot(row, *slot), inner, fields)
            }
        }
    }

    fn value(
        &mut self,
        cell: Cell,
        shape: Option<ShapeId>,
        fields: &[RepresentationField],
    ) -> Result<(), Unrepresentable> {
        match (cell, shape) {
            (Cell::Leaf { buffer, start, len }, _) => {
                self.out.extend_from_slice(self.arena.text(buffer, start, len));
            }
            (Cell::Row(row), Some(shape)) => {
                self.out.push(b'{');
                self.fields((row, shape), fields, true)?;
            }
            (Cell::List { start, len }, _) => {
                self.out.push(b'[');
                for (index, item) in Arena::items(start, len).enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    match self.arena.get(item) {
                        Cell::Null => self.out.extend_from_slice(b"null"),
                        item => self.value(item, shape, fields)?,
                    }
                }
                self.out.push(b']');
            }
            _ => return Err(Unrepresentable),
        }
        Ok(())
    }
}
