//! Taking a way: the requests that it needs are made part of the plan.

use std::collections::BTreeSet;

use octavo_operation::ItemField;
use octavo_supergraph::{FieldSelection, SubgraphId, TypeId};

use crate::PlanError;
use crate::context::Contexts;
use crate::decide::Stop;
use crate::planner::{Ask, Planner};
use crate::reach::{EntryStep, KeyPart, Step, Way};
use crate::state::{FetchIndex, LookedUp, PositionId, RepresentationState, Source, SourceIndex};
use crate::want::{Children, Types, Want};

/// The most entity requests in a row, each for what the next one sends: whoever waits for so many has no use for the answer, and
/// each takes a part of the stack while it is planned.
const MOST_IN_A_ROW: usize = 200;

/// What an entity request sends beside keys.
#[derive(Default)]
pub(crate) struct Sent<'g, 'a> {
    pub(crate) requires: &'a [&'g FieldSelection],
    /// The only types of objects that it may send.
    pub(crate) alone: Types,
    /// What arguments take from the objects around.
    pub(crate) contexts: Contexts<'g>,
}

impl<'g> Planner<'g> {
    /// The source of a subgraph for objects of `ty`, made by the cheapest way.
    pub(crate) fn source(
        &mut self,
        position: PositionId,
        ty: TypeId,
        subgraph: SubgraphId,
    ) -> Result<SourceIndex, Stop> {
        let way = self.ways(position, ty).to(subgraph);
        let way = way.ok_or_else(|| self.no_way(position, ty))?;
        self.take(position, ty, subgraph, &way)
    }

    fn take(
        &mut self,
        position: PositionId,
        ty: TypeId,
        subgraph: SubgraphId,
        way: &Way<'g>,
    ) -> Result<SourceIndex, Stop> {
        match &way.step {
            Step::Source(source) => Ok(*source),
            Step::Root => Ok(self.start_root_of((position, ty), subgraph)),
            Step::Descend { ty: parent_ty } => self.descend(position, *parent_ty, subgraph),
            Step::Entry(entry) => self.enter((position, ty), subgraph, entry, Sent::default()),
        }
    }

    /// Asks the field that leads to a position of another subgraph too.
    fn descend(
        &mut self,
        position: PositionId,
        parent_ty: TypeId,
        subgraph: SubgraphId,
    ) -> Result<SourceIndex, Stop> {
        let (parent, slot) =
            self.positions[position].parent.expect("only a position below another is descended to");
        let source = self.source(parent, parent_ty, subgraph)?;
        let state = &self.positions[parent].slots[slot];
        let key = state.key.clone();
        let field = self.supergraph.field_with(parent_ty, key.name).expect("the slot's field is on its type");
        let objects = key.objects.as_ref().expect("a position below a slot has objects");
        let want = Want {
            field: ItemField::Field(state.field),
            arguments: key.arguments,
            types: objects.types.clone(),
            when: state.when.clone(),
            defer: None,
            stream: None,
            key: objects.key.or(state.owner),
            children: Children::None,
        };
        let types: Types = self.types_of(parent, parent_ty);
        let on = self.asked_on(parent, source, parent_ty);
        let provides = self.provides_of(subgraph, field);
        let node = self.positions[parent].sources[source].node;
        self.ask(parent, &want, &Ask { source, on, field, types: &types, group: &objects.types }, &provides);
        self.positions[parent].slots[slot].leads.push(node);
        let node = self.positions[position].sources.iter_with_ids().rfind(|(_, s)| s.subgraph == subgraph);
        Ok(node.expect("asking for the field made a source below it").0)
    }

    /// Asks a root type; below the operation's own, once it is known that objects are there.
    fn start_root_of(&mut self, (position, ty): (PositionId, TypeId), subgraph: SubgraphId) -> SourceIndex {
        let mut after = BTreeSet::new();
        if self.positions[position].parent.is_some() {
            after.extend(self.first_fetch(position));
            after.extend(self.type_fetch(position, ty, &after));
            self.await_types_above(position, &mut after);
        }
        self.start_root((position, ty), subgraph, after)
    }

    /// Looks objects up in a subgraph by a key.
    pub(crate) fn enter(
        &mut self,
        (position, ty): (PositionId, TypeId),
        subgraph: SubgraphId,
        entry: &EntryStep<'g>,
        Sent { requires, alone, contexts }: Sent<'g, '_>,
    ) -> Result<SourceIndex, Stop> {
        self.waiting += 1;
        let sent = self.resolve_sent((position, ty), subgraph, entry, requires);
        self.waiting -= 1;
        let mut after = sent?;
        after.extend(contexts.after);
        if after.is_empty() {
            after.extend(self.first_fetch(position));
        }
        after.extend(self.type_fetch(position, ty, &after));
        self.await_types_above(position, &mut after);
        let by_object = self.graph.is_interface_object(subgraph, entry.ty).then_some(entry.ty);
        let looked_up = LookedUp { subgraph, ty, by_object, alone };
        let fetch = self.entity_fetch(position, looked_up, (&after, entry.waits), requires);
        let source = self.entity_source(position, fetch, entry.ty, ty);
        self.represent(fetch, ty, entry, requires);
        self.fetches[fetch].add_contexts(contexts.states);
        Ok(source)
    }

    /// Asks for what an entity request sends, its key and what is required; gives the fetches that fill it.
    fn resolve_sent(
        &mut self,
        (position, ty): (PositionId, TypeId),
        subgraph: SubgraphId,
        entry: &EntryStep<'g>,
        requires: &[&'g FieldSelection],
    ) -> Result<BTreeSet<FetchIndex>, Stop> {
        if self.waiting > MOST_IN_A_ROW {
            let path = self.path_text(position);
            return Err(Stop::Unplannable(PlanError::TooLong { path, most: MOST_IN_A_ROW }));
        }
        self.entering.push((position, subgraph));
        let known = self.key_fetches(position, ty, entry);
        self.entering.pop();
        let mut after = known?;
        for selection in requires {
            after.extend(self.resolve_selection(position, ty, selection)?);
        }
        Ok(after)
    }

    /// Asks for the fields of a key; gives the fetches that fill them.
    fn key_fetches(
        &mut self,
        position: PositionId,
        ty: TypeId,
        entry: &EntryStep<'g>,
    ) -> Result<BTreeSet<FetchIndex>, Stop> {
        let mut after = BTreeSet::new();
        for (selection, part) in entry.key.fields.iter().zip(&entry.parts) {
            match part {
                KeyPart::Filled(fetch) => {
                    after.insert(*fetch);
                }
                KeyPart::Subgraph(provider) => {
                    let source = self.source(position, ty, *provider)?;
                    after.extend(self.ask_selection(position, source, ty, selection)?);
                }
            }
        }
        Ok(after)
    }

    /// The fetch by which a position is known at all: a key of `__typename` alone still waits for it.
    pub(crate) fn first_fetch(&self, position: PositionId) -> Option<FetchIndex> {
        self.positions[position].sources.iter().next().map(|source| source.fetch)
    }

    /// Where the way to a position leads through objects of some types alone, these must be known.
    fn await_types_above(&self, position: PositionId, after: &mut BTreeSet<FetchIndex>) {
        let mut at = position;
        while let Some((parent, slot)) = self.positions[at].parent {
            let objects = self.positions[parent].slots[slot].key.objects.as_ref();
            if let Some(ty) = objects.and_then(|objects| objects.types.as_ref()?.first()) {
                after.extend(self.type_fetch(parent, *ty, after));
            }
            at = parent;
        }
    }

    /// The fetch that tells which objects have the type `ty`, if nothing in `after` waits for one that does: where interface objects
    /// are met, another subgraph tells.
    pub(crate) fn type_fetch(
        &self,
        position: PositionId,
        ty: TypeId,
        after: &BTreeSet<FetchIndex>,
    ) -> Option<FetchIndex> {
        self.types_of(position, ty)?;
        let sources = &self.positions[position].sources;
        let is_object = |source: &Source<'_>| self.graph.is_interface_object(source.subgraph, source.ty);
        if !sources.iter().any(is_object) {
            return None;
        }
        let telling = sources.iter().filter(|source| source.types.is_none() && !is_object(source));
        let telling: Vec<FetchIndex> = telling.map(|source| source.fetch).collect();
        let awaited = telling.iter().any(|&tells| after.iter().any(|&before| self.needs(before, tells)));
        telling.first().copied().filter(|_| !awaited)
    }

    fn represent(
        &mut self,
        fetch: FetchIndex,
        ty: TypeId,
        entry: &EntryStep<'g>,
        requires: &[&'g FieldSelection],
    ) {
        let key: &'g [FieldSelection] = &entry.key.fields;
        let known = &mut self.fetches[fetch].representations;
        let same = known.iter_mut().find(|r| r.ty == ty && r.entry == entry.ty);
        if let Some(representation) = same {
            for selection in requires {
                if !representation.requires.contains(selection) {
                    representation.requires.push(selection);
                }
            }
            return;
        }
        known.push(RepresentationState { ty, entry: entry.ty, key, requires: requires.to_vec() });
    }

    /// Asks a source for a field of a key, and below it whoever resolves the rest; gives the fetches that fill it.
    fn ask_selection(
        &mut self,
        position: PositionId,
        source: SourceIndex,
        ty: TypeId,
        selection: &'g FieldSelection,
    ) -> Result<BTreeSet<FetchIndex>, Stop> {
        let Source { fetch, subgraph, .. } = self.positions[position].sources[source];
        let mut fetches = BTreeSet::from([fetch]);
        let Some(wanted) = selection.field else { return Ok(fetches) };
        let field = self.graph.field_in(subgraph, ty, wanted).or_else(|| self.same_field(ty, wanted));
        let Some(field) = field else { return Ok(fetches) };
        let want = self.hidden_want(field, selection, None);
        let types = self.types_of(position, ty);
        let on = self.asked_on(position, source, ty);
        let provides = self.provides_of(subgraph, field);
        let ask = Ask { source, on, field, types: &types, group: &types };
        let asked = self.ask(position, &want, &ask, &provides);
        let Some(child) = asked.child else { return Ok(fetches) };
        let sources = self.positions[child].sources.iter_with_ids();
        let below = sources.filter(|(_, s)| s.fetch == fetch).map(|(id, _)| id).next_back();
        for part in &selection.selections {
            match below.filter(|_| self.graph.resolves_whole(subgraph, part)) {
                Some(below) => fetches.extend(self.ask_selection(child, below, part.on, part)?),
                None => fetches.extend(self.resolve_selection(child, part.on, part)?),
            }
        }
        Ok(fetches)
    }

    /// The field of the same name on another type.
    pub(crate) fn same_field(
        &self,
        ty: TypeId,
        field: octavo_supergraph::FieldId,
    ) -> Option<octavo_supergraph::FieldId> {
        let definition = self.supergraph.field(field);
        if definition.parent == ty { Some(field) } else { self.supergraph.field_with(ty, definition.name) }
    }

    /// `ty` as types of a position: `None` where the position has no other.
    pub(crate) fn types_of(&self, position: PositionId, ty: TypeId) -> Types {
        (self.positions[position].ty != ty).then(|| Box::from([ty]))
    }

    /// The type whose fields are asked of a source for objects of `ty`.
    pub(crate) fn asked_on(&self, position: PositionId, source: SourceIndex, ty: TypeId) -> TypeId {
        let source = &self.positions[position].sources[source];
        if self.graph.is_interface_object(source.subgraph, source.ty) { source.ty } else { ty }
    }

    /// What a field provides on its path in a subgraph.
    pub(crate) fn provides_of(
        &self,
        subgraph: SubgraphId,
        field: octavo_supergraph::FieldId,
    ) -> Vec<&'g FieldSelection> {
        let graph = self.graph;
        let provides = graph.access(subgraph, field).and_then(|access| access.provides());
        provides.into_iter().flatten().collect()
    }

    pub(crate) fn no_way(&self, position: PositionId, ty: TypeId) -> Stop {
        Stop::Unplannable(PlanError::Unreachable {
            what: format!("objects of type `{}`", self.supergraph.type_name(ty)),
            path: self.path_text(position),
        })
    }

    /// The position as field names from the root, for messages.
    pub(crate) fn path_text(&self, position: PositionId) -> String {
        let mut names = Vec::new();
        let mut at = position;
        while let Some((parent, slot)) = self.positions[at].parent {
            names.push(self.supergraph.name(self.positions[parent].slots[slot].key.name));
            at = parent;
        }
        names.reverse();
        names.join(".")
    }
}
