//! How the objects at a position can be had from each subgraph, and at what cost.
//!
//! For one position and one object type, the table starts with what costs nothing (sources that exist, fields that lead here from the
//! position above). [`relax`](crate::relax) then settles one subgraph after the other, the cheapest first, so that each entity move of
//! the query graph is looked at once for each field of its key.

use std::rc::Rc;

use octavo_query_graph::Access;
use octavo_supergraph::{FieldId, FieldSelection, Key, RootKind, SubgraphId, TypeId};

use crate::planner::Planner;
use crate::prices::{LATER, price_at};
use crate::relax::Ways;
use crate::state::{FetchIndex, PositionId, SlotIndex, Source, SourceIndex, includes};

/// One way.
#[derive(Clone, Debug)]
pub(crate) struct Way<'g> {
    /// What its requests cost.
    pub(crate) price: u32,
    pub(crate) level: u32,
    pub(crate) step: Step<'g>,
}

impl Way<'_> {
    pub(crate) fn cost(&self) -> u32 {
        self.price + self.level * LATER
    }
}

/// The last step of a way.
#[derive(Clone, Debug)]
pub(crate) enum Step<'g> {
    /// A fetch asks there already.
    Source(SourceIndex),
    /// A new request to the root type.
    Root,
    /// The field that leads here is asked of the same subgraph in the position above, for objects of this type.
    Descend { ty: TypeId },
    /// An entity request.
    Entry(EntryStep<'g>),
}

/// An entity request: the type it is looked up as, the key, and where each of the key's fields comes from.
#[derive(Clone, Debug)]
pub(crate) struct EntryStep<'g> {
    pub(crate) ty: TypeId,
    pub(crate) key: &'g Key,
    pub(crate) parts: Vec<KeyPart>,
    /// The level for which it waits, to leave with another.
    pub(crate) waits: u32,
}

/// Where a field of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// A fetch has it.
    Filled(FetchIndex),
    /// A subgraph resolves it.
    Subgraph(SubgraphId),
}

impl<'g> Planner<'g> {
    /// The ways to objects of `ty` at a position. At a position whose only sources are interface objects, `ty` is the interface.
    pub(crate) fn ways(&self, position: PositionId, ty: TypeId) -> Rc<Ways<'g>> {
        if self.is_being_entered(position) {
            return Rc::new(self.make_ways(position, ty));
        }
        let sources = self.positions[position].sources.len();
        let after = (self.changes_above(position), sources, self.prices.changed().len());
        let known = self.known_ways.borrow_mut().remove(&(position, ty));
        let ways = match known {
            Some((before, ways)) if before == after => ways,
            Some(((changes, sources, prices), mut ways)) if changes == after.0 => {
                let table = Rc::make_mut(&mut ways);
                self.add_prices(prices, table);
                self.add_sources((position, ty), sources, table);
                ways
            }
            _ => Rc::new(self.make_ways(position, ty)),
        };
        self.known_ways.borrow_mut().insert((position, ty), (after, Rc::clone(&ways)));
        ways
    }

    /// Tells a table which prices have changed since it was made.
    fn add_prices(&self, known: usize, ways: &mut Ways<'g>) {
        for &subgraph in self.prices.changed().iter().skip(known) {
            self.count(1 + ways.add_price(subgraph, self.prices.special(subgraph)));
        }
    }

    /// Adds the sources that are new since a table was made.
    fn add_sources(&self, (position, ty): (PositionId, TypeId), known: usize, ways: &mut Ways<'g>) {
        for (id, source) in self.positions[position].sources.iter_with_ids().skip(known) {
            if self.covers(position, id, ty) {
                let level = self.fetches[source.fetch].level;
                let way = Way { price: 0, level, step: Step::Source(id) };
                self.count(1 + ways.add_source(source.subgraph, way));
            }
        }
    }

    /// The changes to a position, new sources aside, and to those above it; none of them ever shrinks, so equal sums are equal
    /// parts.
    fn changes_above(&self, position: PositionId) -> usize {
        let place = &self.positions[position];
        let mut sum = place.changes;
        let mut at = place.parent;
        while let Some((above, _)) = at {
            let place = &self.positions[above];
            sum += place.changes + place.sources.len();
            at = place.parent;
        }
        sum
    }

    /// Whether a key of the objects of a position, or of those above it, is being resolved: then not all ways are open.
    fn is_being_entered(&self, position: PositionId) -> bool {
        let mut at = Some(position).filter(|_| !self.entering.is_empty());
        while let Some(position) = at {
            if self.entering.iter().any(|(entered, _)| *entered == position) {
                return true;
            }
            at = self.positions[position].parent.map(|(parent, _)| parent);
        }
        false
    }

    fn make_ways(&self, position: PositionId, ty: TypeId) -> Ways<'g> {
        let mut ways = Ways::new(self.graph, ty, &self.prices);
        self.existing(position, ty, &mut ways);
        self.root_requests(position, ty, &mut ways);
        if let Some((parent, slot)) = self.positions[position].parent {
            self.descents(parent, slot, ty, &mut ways);
            self.known_key_fields(position, ty, &mut ways);
            let entering = self.entering.iter().filter(|(at, _)| *at == position);
            entering.for_each(|&(_, subgraph)| ways.never_enter(subgraph));
        }
        self.count(ways.relax());
        ways
    }

    fn existing(&self, position: PositionId, ty: TypeId, ways: &mut Ways<'g>) {
        for id in self.covering(position, ty) {
            let source = &self.positions[position].sources[id];
            let level = self.fetches[source.fetch].level;
            ways.start(source.subgraph, Way { price: 0, level, step: Step::Source(id) });
        }
    }

    /// The key fields that a fetch has, and those that a source provides on its path.
    fn known_key_fields(&self, position: PositionId, ty: TypeId, ways: &mut Ways<'g>) {
        let moves = self.graph.entity_moves(ty);
        for (number, field) in moves.fields().iter().enumerate() {
            if let Some(fetch) = self.filled(position, ty, &field.selection) {
                ways.fill(number, fetch, self.fetches[fetch].level);
            }
        }
        let sources = self.covering(position, ty).map(|id| &self.positions[position].sources[id]);
        for source in sources.filter(|source| !source.provides.is_empty()) {
            for (number, field) in moves.fields().iter().enumerate() {
                if self.provides_part(source, ty, &field.selection) {
                    ways.provide(
                        source.subgraph,
                        number,
                        self.graph.has_rest(source.subgraph, &field.selection),
                    );
                }
            }
        }
    }

    /// The sources that can be asked for fields of objects of `ty`.
    pub(crate) fn covering(
        &self,
        position: PositionId,
        ty: TypeId,
    ) -> impl Iterator<Item = SourceIndex> + use<'_, 'g> {
        let place = &self.positions[position];
        let of_one_type = place.ty == ty;
        let all = of_one_type.then(|| place.sources.ids()).into_iter().flatten();
        let listed = (!of_one_type).then(|| self.knowing(position, ty)).into_iter().flatten();
        let covering = all.chain(listed).filter(move |&id| self.covers(position, id, ty));
        self.count(1);
        covering.inspect(|_| self.count(1))
    }

    /// The sources that may know objects of `ty`, in order: where a subgraph has an object type, it returns no objects of another.
    fn knowing(&self, position: PositionId, ty: TypeId) -> Vec<SourceIndex> {
        let place = &self.positions[position];
        let wide = |known: &TypeId| *known == ty || self.supergraph.ty(*known).kind.is_abstract();
        let sources = place.source_types().filter(wide).flat_map(|known| place.sources_as(known));
        let mut knowing: Vec<_> = sources.copied().collect();
        knowing.sort_unstable();
        knowing
    }

    /// Whether a source can be asked for fields of objects of `ty`.
    pub(crate) fn covers(&self, position: PositionId, source: SourceIndex, ty: TypeId) -> bool {
        let source = &self.positions[position].sources[source];
        let known = source.ty == ty
            || self.graph.runtime_types(source.subgraph, source.ty).contains(&ty)
            || (self.graph.is_interface_object(source.subgraph, source.ty)
                && self.graph.interfaces(ty).contains(&source.ty));
        known && (source.types.is_none() || includes(&source.types, ty))
    }

    /// The requests to a root type: to that of a query at the top of the response, and wherever else it stands.
    fn root_requests(&self, position: PositionId, ty: TypeId, ways: &mut Ways<'g>) {
        let is_top = self.positions[position].parent.is_none();
        if (is_top && self.has_effects()) || Some(ty) != self.supergraph.root(RootKind::Query) {
            return;
        }
        let known = self.first_fetch(position).filter(|_| !is_top);
        let level = known.map_or(0, |fetch| self.fetches[fetch].level) + 1;
        for join in &self.supergraph.ty(ty).joins {
            let price = price_at(self.prices.special(join.subgraph), level);
            ways.start(join.subgraph, Way { price, level, step: Step::Root });
        }
    }

    /// The field above, asked of other subgraphs too. Not where it has objects of several types: each subgraph might return one that
    /// the others do not know.
    fn descents(&self, parent: PositionId, slot: SlotIndex, ty: TypeId, ways: &mut Ways<'g>) {
        let is_root = self.positions[parent].parent.is_none();
        let several =
            self.supergraph.ty(self.positions[parent].slots[slot].key.ty.named()).kind.is_abstract();
        if several || (is_root && self.has_effects()) {
            return;
        }
        let Some((parent_ty, field)) = self.one_type(parent, slot) else { return };
        let above = self.ways(parent, parent_ty);
        let named = self.supergraph.field(field).ty.named();
        for access in self.graph.accesses(field).filter(Access::is_plain) {
            let subgraph = access.subgraph;
            let known = ty == named || self.graph.runtime_types(subgraph, named).contains(&ty);
            if !known || !self.graph.has_type(subgraph, ty) {
                continue;
            }
            if let Some((price, level)) = above.price(subgraph) {
                ways.start(subgraph, Way { price, level, step: Step::Descend { ty: parent_ty } });
            }
        }
    }

    /// The one object type of a position that a slot is for, with the slot's field on it.
    pub(crate) fn one_type(&self, position: PositionId, slot: SlotIndex) -> Option<(TypeId, FieldId)> {
        let place = &self.positions[position];
        let slot = &place.slots[slot];
        let ty = match slot.key.objects.as_ref()?.types.as_deref() {
            Some([one]) => *one,
            None if !self.supergraph.ty(place.ty).kind.is_abstract() => place.ty,
            _ => return None,
        };
        let field = self.supergraph.field_with(ty, slot.key.name)?;
        Some((ty, field))
    }

    /// The fetch that has filled the slot of a leaf field without a condition, if one has.
    fn filled(&self, position: PositionId, ty: TypeId, selection: &FieldSelection) -> Option<FetchIndex> {
        if !selection.selections.is_empty() || selection.arguments.is_some() {
            return None;
        }
        let name = self.supergraph.field(selection.field?).name;
        let place = &self.positions[position];
        let slots = place.named(name).map(|slot| &place.slots[slot]).filter(|s| s.key.arguments.is_none());
        let always =
            slots.flat_map(|s| &s.filled).filter(|filled| filled.always && includes(&filled.types, ty));
        always.map(|filled| filled.fetch).min_by_key(|&fetch| self.fetches[fetch].level)
    }

    /// Whether a subgraph resolves a field of a key on objects of `ty` with all that is below it.
    pub(crate) fn resolves_whole_on(
        &self,
        subgraph: SubgraphId,
        ty: TypeId,
        selection: &FieldSelection,
    ) -> bool {
        let Some(field) = selection.field else { return true };
        let own = self.graph.field_in(subgraph, ty, field);
        own.is_some() && selection.selections.iter().all(|below| self.graph.resolves_whole(subgraph, below))
    }

    fn provides_part(&self, source: &Source<'g>, ty: TypeId, selection: &FieldSelection) -> bool {
        self.provided(&source.provides, ty, selection.field).is_some_and(|provided| {
            let mut below = selection.selections.iter();
            below.all(|below| provided.selections.iter().any(|p| p.field == below.field))
        })
    }

    /// The part of `@provides` that names a field on objects of `ty`.
    pub(crate) fn provided(
        &self,
        provides: &[&'g FieldSelection],
        ty: TypeId,
        field: Option<FieldId>,
    ) -> Option<&'g FieldSelection> {
        let name = self.supergraph.field(field?).name;
        provides.iter().copied().find(|selection| {
            let same = selection.field.is_some_and(|f| self.supergraph.field(f).name == name);
            same && (selection.on == ty || self.supergraph.ty(selection.on).possible.contains(&ty))
        })
    }
}
