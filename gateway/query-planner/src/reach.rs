//! How the objects at a position can be had from each subgraph, and at what cost.
//!
//! For one position and one object type, the table starts with what costs nothing (sources that exist, fields that lead here from the
//! position above), and is then relaxed over the entity moves of the query graph until no way gets cheaper. It is polynomial in the
//! number of subgraphs that have the type.

use std::collections::{BTreeMap, HashMap};

use std::rc::Rc;

use octavo_query_graph::Entry;
use octavo_supergraph::{FieldId, FieldSelection, Key, SubgraphId, TypeId};

use crate::planner::Planner;
use crate::state::{FetchIndex, PositionId, SlotIndex, SourceIndex, includes};

/// The cost of one more request.
pub(crate) const REQUEST: u32 = 100;
/// The cost of one more request in a row.
const LATER: u32 = 10;

/// The ways to the objects of one position and type.
#[derive(Debug, Default)]
pub(crate) struct Ways<'g> {
    best: BTreeMap<SubgraphId, Way<'g>>,
    /// The cheapest way in by a key, even where a source exists.
    entries: BTreeMap<SubgraphId, Way<'g>>,
}

/// One way.
#[derive(Clone, Debug)]
pub(crate) struct Way<'g> {
    pub(crate) requests: u32,
    pub(crate) level: u32,
    pub(crate) step: Step<'g>,
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
}

/// Where a field of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// A fetch has it.
    Filled(FetchIndex),
    /// A subgraph resolves it.
    Subgraph(SubgraphId),
}

impl Way<'_> {
    pub(crate) fn cost(&self) -> u32 {
        self.requests * REQUEST + self.level * LATER
    }
}

impl<'g> Ways<'g> {
    /// The cheapest way to a subgraph.
    pub(crate) fn to(&self, subgraph: SubgraphId) -> Option<&Way<'g>> {
        self.best.get(&subgraph)
    }

    /// The cheapest way to a subgraph by a key.
    pub(crate) fn entry(&self, subgraph: SubgraphId) -> Option<&Way<'g>> {
        self.entries.get(&subgraph)
    }
}

impl<'g> Planner<'g> {
    /// The ways to objects of `ty` at a position. At a position whose only sources are interface objects, `ty` is the interface.
    pub(crate) fn ways(&self, position: PositionId, ty: TypeId) -> Rc<Ways<'g>> {
        if !self.entering.is_empty() {
            return Rc::new(self.make_ways(position, ty));
        }
        let changes = self.changes_above(position);
        let known = self.known_ways.borrow().get(&(position, ty)).cloned();
        if let Some((after, ways)) = known
            && after == changes
        {
            return ways;
        }
        let ways = Rc::new(self.make_ways(position, ty));
        self.known_ways.borrow_mut().insert((position, ty), (changes, Rc::clone(&ways)));
        ways
    }

    /// The changes to a position and those above it; none of them ever shrinks, so equal sums are equal parts.
    fn changes_above(&self, position: PositionId) -> u64 {
        let mut sum = 0;
        let mut at = Some(position);
        while let Some(position) = at {
            let place = &self.positions[position];
            sum += place.changes;
            at = place.parent.map(|(parent, _)| parent);
        }
        sum
    }

    fn make_ways(&self, position: PositionId, ty: TypeId) -> Ways<'g> {
        let mut ways = Ways::default();
        self.existing(position, ty, &mut ways);
        match self.positions[position].parent {
            None => self.root_requests(ty, &mut ways),
            Some((parent, slot)) => {
                self.descents(parent, slot, ty, &mut ways);
                self.entries(position, ty, &mut ways);
            }
        }
        ways
    }

    fn existing(&self, position: PositionId, ty: TypeId, ways: &mut Ways<'g>) {
        for (id, source) in self.positions[position].sources.iter_with_ids() {
            if !self.covers(position, id, ty) {
                continue;
            }
            let way = Way { requests: 0, level: self.fetches[source.fetch].level, step: Step::Source(id) };
            improve(&mut ways.best, source.subgraph, way);
        }
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

    fn root_requests(&self, ty: TypeId, ways: &mut Ways<'g>) {
        if self.has_effects() {
            return;
        }
        for join in &self.supergraph.ty(ty).joins {
            improve(&mut ways.best, join.subgraph, Way { requests: 1, level: 1, step: Step::Root });
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
        for (&subgraph, way) in &above.best {
            let open = self.graph.access(subgraph, field).is_some_and(|access| access.requires().is_none());
            let known = ty == self.supergraph.field(field).ty.named()
                || self.graph.runtime_types(subgraph, self.supergraph.field(field).ty.named()).contains(&ty);
            if open && known && self.graph.has_type(subgraph, ty) {
                let step = Step::Descend { ty: parent_ty };
                improve(&mut ways.best, subgraph, Way { requests: way.requests, level: way.level, step });
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

    fn entries(&self, position: PositionId, ty: TypeId, ways: &mut Ways<'g>) {
        let candidates = self.entity_subgraphs(ty);
        let mut filled = HashMap::new();
        loop {
            let mut changed = false;
            for &subgraph in &candidates {
                if self.entering.contains(&(position, subgraph)) {
                    continue;
                }
                for entry in self.graph.entries(ty, subgraph) {
                    let Some(way) = self.entry_way((position, ty), entry, ways, &mut filled) else {
                        continue;
                    };
                    let Step::Entry(step) = &way.step else { continue };
                    let circular = step.parts.contains(&KeyPart::Subgraph(subgraph));
                    changed |= improve(&mut ways.entries, subgraph, way.clone());
                    if !circular {
                        changed |= improve(&mut ways.best, subgraph, way);
                    }
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// The subgraphs in which objects of `ty` may be looked up.
    fn entity_subgraphs(&self, ty: TypeId) -> Vec<SubgraphId> {
        let types = std::iter::once(ty).chain(self.graph.interfaces(ty).iter().copied());
        let mut subgraphs: Vec<_> =
            types.flat_map(|t| self.supergraph.ty(t).joins.iter().map(|join| join.subgraph)).collect();
        subgraphs.sort_unstable();
        subgraphs.dedup();
        subgraphs
    }

    fn entry_way(
        &self,
        (position, ty): (PositionId, TypeId),
        entry: Entry<'g>,
        ways: &Ways<'g>,
        filled: &mut HashMap<&'g FieldSelection, Option<FetchIndex>>,
    ) -> Option<Way<'g>> {
        self.work.set(self.work.get() + 1 + ways.best.len() * entry.key.fields.len());
        let mut parts = Vec::with_capacity(entry.key.fields.len());
        let mut paid: BTreeMap<SubgraphId, u32> = BTreeMap::new();
        let (mut level, mut rests) = (0, 0);
        for selection in &entry.key.fields {
            let known = filled.entry(selection).or_insert_with(|| self.filled(position, ty, selection));
            if let Some(fetch) = *known {
                level = level.max(self.fetches[fetch].level);
                parts.push(KeyPart::Filled(fetch));
                continue;
            }
            let (subgraph, way) = self.part_way(position, ty, selection, entry.subgraph, ways)?;
            let rest = u32::from(self.has_rest(subgraph, selection));
            rests += rest;
            paid.insert(subgraph, way.requests);
            level = level.max(way.level + rest);
            parts.push(KeyPart::Subgraph(subgraph));
        }
        let requests = paid.values().sum::<u32>() + rests + 1;
        let step = Step::Entry(EntryStep { ty: entry.ty, key: entry.key, parts });
        Some(Way { requests, level: level + 1, step })
    }

    /// The cheapest subgraph for a field of a key. The one that is entered counts only if it has the objects by another way.
    fn part_way<'w>(
        &self,
        position: PositionId,
        ty: TypeId,
        selection: &'g FieldSelection,
        entered: SubgraphId,
        ways: &'w Ways<'g>,
    ) -> Option<(SubgraphId, &'w Way<'g>)> {
        let usable = ways.best.iter().filter(|(subgraph, way)| {
            let own = **subgraph == entered && matches!(way.step, Step::Entry(_));
            !own && self.resolves_part(position, ty, **subgraph, selection)
        });
        usable.map(|(&subgraph, way)| (subgraph, way)).min_by_key(|(subgraph, way)| {
            way.cost() + u32::from(self.has_rest(*subgraph, selection)) * REQUEST
        })
    }

    /// Whether a part of what is below a field of a key has to be had from another subgraph.
    fn has_rest(&self, subgraph: SubgraphId, selection: &FieldSelection) -> bool {
        selection.selections.iter().any(|below| !self.resolves_whole(subgraph, below))
    }

    /// The fetch that has filled the slot of a leaf field, if one has.
    fn filled(&self, position: PositionId, ty: TypeId, selection: &FieldSelection) -> Option<FetchIndex> {
        if !selection.selections.is_empty() || selection.arguments.is_some() {
            return None;
        }
        let name = self.supergraph.field(selection.field?).name;
        let place = &self.positions[position];
        let slots = place.slots.iter().filter(|s| s.key.name == name && s.key.arguments.is_none());
        let fetches = slots.flat_map(|s| &s.filled).filter(|(_, types)| includes(types, ty)).map(|(f, _)| *f);
        fetches.filter(|&f| self.asks_always(f, position, name, ty)).min_by_key(|&f| self.fetches[f].level)
    }

    /// Whether a fetch asks for a leaf of the position without a condition.
    fn asks_always(
        &self,
        fetch: FetchIndex,
        position: PositionId,
        name: octavo_index::NameId,
        ty: TypeId,
    ) -> bool {
        let place = &self.positions[position];
        let sources = place.sources.iter_with_ids().filter(|(_, source)| source.fetch == fetch);
        sources.filter(|(id, _)| self.covers(position, *id, ty)).any(|(_, source)| {
            let fields = self.nodes[source.node].fields.iter();
            fields
                .filter(|f| {
                    place.slots[f.slot].key.name == name && place.slots[f.slot].key.arguments.is_none()
                })
                .any(|f| f.when.is_always())
        })
    }

    /// Whether a subgraph resolves a field of a key on objects of `ty`; what is below it may be had elsewhere.
    fn resolves_part(
        &self,
        position: PositionId,
        ty: TypeId,
        subgraph: SubgraphId,
        selection: &FieldSelection,
    ) -> bool {
        let Some(field) = selection.field else { return true };
        let Some(field) = self.field_in(subgraph, ty, field) else {
            return self.provided_part(position, ty, subgraph, selection);
        };
        let open = self.graph.access(subgraph, field).is_some_and(|access| access.requires().is_none());
        open || self.provided_part(position, ty, subgraph, selection)
    }

    /// Whether a subgraph resolves a field of a key on objects of `ty` with all that is below it.
    pub(crate) fn resolves_whole_on(
        &self,
        subgraph: SubgraphId,
        ty: TypeId,
        selection: &FieldSelection,
    ) -> bool {
        let Some(field) = selection.field else { return true };
        let own = self.field_in(subgraph, ty, field);
        own.is_some() && selection.selections.iter().all(|below| self.resolves_whole(subgraph, below))
    }

    /// Whether a subgraph resolves a field of a field set with all that is below it.
    pub(crate) fn resolves_whole(&self, subgraph: SubgraphId, selection: &FieldSelection) -> bool {
        let Some(field) = selection.field else { return true };
        let open = self.graph.access(subgraph, field).is_some_and(|access| access.requires().is_none());
        open && selection.selections.iter().all(|below| self.resolves_whole(subgraph, below))
    }

    fn provided_part(
        &self,
        position: PositionId,
        ty: TypeId,
        subgraph: SubgraphId,
        selection: &FieldSelection,
    ) -> bool {
        let sources = self.positions[position].sources.iter_with_ids();
        sources.filter(|(id, s)| s.subgraph == subgraph && self.covers(position, *id, ty)).any(
            |(_, source)| {
                self.provided(&source.provides, ty, selection.field).is_some_and(|provided| {
                    selection
                        .selections
                        .iter()
                        .all(|below| provided.selections.iter().any(|p| p.field == below.field))
                })
            },
        )
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

    /// The field of that name as a subgraph has it for objects of `ty`: on the type, or on an interface that it has as an object.
    pub(crate) fn field_in(&self, subgraph: SubgraphId, ty: TypeId, field: FieldId) -> Option<FieldId> {
        let name = self.supergraph.field(field).name;
        let own = self.supergraph.field_with(ty, name);
        if own.is_some_and(|own| self.graph.access(subgraph, own).is_some()) {
            return own;
        }
        let interfaces = self.graph.interfaces(ty).iter();
        interfaces
            .filter(|&&interface| self.graph.is_interface_object(subgraph, interface))
            .filter_map(|&interface| self.supergraph.field_with(interface, name))
            .find(|&field| self.graph.access(subgraph, field).is_some())
    }
}

/// Keeps the cheaper way; says whether it is the new one.
fn improve<'g>(ways: &mut BTreeMap<SubgraphId, Way<'g>>, subgraph: SubgraphId, way: Way<'g>) -> bool {
    match ways.get(&subgraph) {
        Some(known) if known.cost() <= way.cost() => false,
        _ => {
            ways.insert(subgraph, way);
            true
        }
    }
}
