//! Every way to enter a subgraph as an entity of one type, with who knows the fields of each key.
//!
//! What [`QueryGraph::entries`] gives one subgraph at a time, as a table that a search can walk: each key field stands once, however
//! many keys name it, with the subgraphs that resolve it and the moves that wait for it.

use std::collections::BTreeMap;
use std::ops::Range;

use octavo_index::{Id as _, SchemaMap};
use octavo_supergraph::{FieldId, FieldSelection, Key, SubgraphId, TypeId};

use crate::QueryGraph;

/// The moves into the subgraphs that have one type.
#[derive(Debug, Default)]
pub struct EntityMoves {
    subgraphs: Vec<SubgraphId>,
    moves: Vec<EntityMove>,
    /// By place in `subgraphs`: its part of `moves`.
    into: Vec<Range<usize>>,
    fields: Vec<KeyField>,
    /// By place in `subgraphs`: the key fields that it resolves.
    resolved: Vec<Vec<Provider>>,
}

/// One subgraph that is entered by one key.
#[derive(Debug)]
pub struct EntityMove {
    /// The subgraph's place in [`EntityMoves::subgraphs`].
    pub subgraph: usize,
    /// The type as which the entity is looked up.
    pub ty: TypeId,
    /// The fields of the key, by their places in [`EntityMoves::fields`], in the key's order.
    pub fields: Box<[usize]>,
    key: usize,
}

/// A field that keys name.
#[derive(Debug)]
pub struct KeyField {
    /// The field.
    pub selection: FieldSelection,
    /// The moves that need it, each as often as its key names it.
    pub moves: Vec<usize>,
}

/// A key field that a subgraph resolves.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// The field's place in [`EntityMoves::fields`].
    pub field: usize,
    /// Whether a part of what is below it has to be had from another subgraph.
    pub has_rest: bool,
}

impl EntityMoves {
    /// The subgraphs that have the type or one of its interfaces, sorted.
    pub fn subgraphs(&self) -> &[SubgraphId] {
        &self.subgraphs
    }

    /// The place of a subgraph in [`Self::subgraphs`].
    pub fn place(&self, subgraph: SubgraphId) -> Option<usize> {
        self.subgraphs.binary_search(&subgraph).ok()
    }

    /// The moves, sorted by the subgraph that they enter.
    pub fn moves(&self) -> &[EntityMove] {
        &self.moves
    }

    /// The numbers of the moves into the subgraph at a place.
    pub fn into(&self, place: usize) -> Range<usize> {
        self.into[place].clone()
    }

    /// The fields that keys name.
    pub fn fields(&self) -> &[KeyField] {
        &self.fields
    }

    /// The key fields that the subgraph at a place resolves.
    pub fn resolved(&self, place: usize) -> &[Provider] {
        &self.resolved[place]
    }
}

impl QueryGraph {
    /// The moves into the subgraphs that have `ty`.
    pub fn entity_moves(&self, ty: TypeId) -> &EntityMoves {
        self.entities[ty.index()].get_or_init(|| Box::new(self.make_moves(ty)))
    }

    /// The key of a move.
    ///
    /// # Panics
    ///
    /// If the move is not one of these.
    pub fn key(&self, moves: &EntityMoves, entered: &EntityMove) -> &Key {
        let join = self.joined(moves.subgraphs[entered.subgraph], entered.ty);
        &join.expect("a move was made from the subgraph's own join").keys[entered.key]
    }

    fn make_moves(&self, ty: TypeId) -> EntityMoves {
        let types = std::iter::once(ty).chain(self.interfaces(ty).iter().copied());
        let joins = types.flat_map(|ty| self.supergraph.ty(ty).joins.iter().map(|join| join.subgraph));
        let mut table = EntityMoves { subgraphs: joins.collect(), ..EntityMoves::default() };
        table.subgraphs.sort_unstable();
        table.subgraphs.dedup();
        let mut places: SchemaMap<&FieldSelection, usize> = SchemaMap::default();
        for (place, &subgraph) in table.subgraphs.iter().enumerate() {
            let start = table.moves.len();
            for entry in self.entries(ty, subgraph) {
                let number = table.moves.len();
                let mut named = Vec::with_capacity(entry.key.fields.len());
                for selection in &entry.key.fields {
                    let field = *places.entry(selection).or_insert_with(|| {
                        let moves = Vec::new();
                        table.fields.push(KeyField { selection: selection.clone(), moves });
                        table.fields.len() - 1
                    });
                    table.fields[field].moves.push(number);
                    named.push(field);
                }
                let (fields, key) = (named.into(), self.number_of(subgraph, entry.ty, entry.key));
                table.moves.push(EntityMove { subgraph: place, ty: entry.ty, fields, key });
            }
            table.into.push(start..table.moves.len());
        }
        let resolved = |&subgraph: &SubgraphId| self.resolved_fields(ty, subgraph, &table.fields);
        table.resolved = table.subgraphs.iter().map(resolved).collect();
        table
    }

    fn number_of(&self, subgraph: SubgraphId, ty: TypeId, key: &Key) -> usize {
        let keys = self.joined(subgraph, ty).map_or(&[][..], |join| &join.keys);
        keys.iter().position(|known| std::ptr::eq(known, key)).expect("the key is one of the join's")
    }

    fn resolved_fields(&self, ty: TypeId, subgraph: SubgraphId, fields: &[KeyField]) -> Vec<Provider> {
        let mut known: BTreeMap<Option<FieldId>, bool> = BTreeMap::new();
        let provider = |(number, field): (usize, &KeyField)| {
            let selection = &field.selection;
            let opens = known.entry(selection.field).or_insert_with(|| self.opens(ty, subgraph, selection));
            opens.then(|| Provider { field: number, has_rest: self.has_rest(subgraph, selection) })
        };
        fields.iter().enumerate().filter_map(provider).collect()
    }

    /// Whether a subgraph resolves a key's field on objects of `ty`; what is below it may be had elsewhere.
    fn opens(&self, ty: TypeId, subgraph: SubgraphId, selection: &FieldSelection) -> bool {
        let Some(field) = selection.field else { return true };
        let Some(field) = self.field_in(subgraph, ty, field) else { return false };
        self.access(subgraph, field).is_some_and(|access| access.is_plain())
    }

    /// Whether a part of what is below a field of a key has to be had from another subgraph.
    pub fn has_rest(&self, subgraph: SubgraphId, selection: &FieldSelection) -> bool {
        selection.selections.iter().any(|below| !self.resolves_whole(subgraph, below))
    }

    /// Whether a subgraph resolves a field of a field set with all that is below it.
    pub fn resolves_whole(&self, subgraph: SubgraphId, selection: &FieldSelection) -> bool {
        let Some(field) = selection.field else { return true };
        let open = self.access(subgraph, field).is_some_and(|access| access.is_plain());
        open && selection.selections.iter().all(|below| self.resolves_whole(subgraph, below))
    }

    /// The field of that name as a subgraph resolves it for objects of `ty`: on the type, or on an interface that it has as an object.
    pub fn field_in(&self, subgraph: SubgraphId, ty: TypeId, field: FieldId) -> Option<FieldId> {
        let definition = self.supergraph.field(field);
        let name = definition.name;
        let same = definition.parent == ty;
        let own = if same { Some(field) } else { self.supergraph.field_with(ty, name) };
        if own.is_some_and(|own| self.access(subgraph, own).is_some()) {
            return own;
        }
        let interfaces = self.interfaces(ty).iter();
        interfaces
            .filter(|&&interface| self.is_interface_object(subgraph, interface))
            .filter_map(|&interface| self.supergraph.field_with(interface, name))
            .find(|&field| self.access(subgraph, field).is_some())
    }
}
