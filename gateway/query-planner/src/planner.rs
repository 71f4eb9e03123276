//! The planner's state and the primitive steps on it: ask a source for a field, start a fetch.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use octavo_index::{IdMap, IndexVec, Interner, NameId};
use octavo_operation::{DeferId, ItemField, Operation, When};
use octavo_query_graph::QueryGraph;
use octavo_query_plan::print::Considered;
use octavo_supergraph::{FieldId, FieldSelection, RootKind, SubgraphId, Supergraph, TypeId};

use crate::Options;
use crate::decide::Decisions;
use crate::estimate::Memory;
use crate::order::Sorts;
use crate::prices::{Bias, Prices};
use crate::relax::Ways;
use crate::state::{
    FetchIndex, FetchState, Filled, LookedUp, Node, NodeField, NodeId, ObjectSlot, Position, PositionId,
    SlotIndex, SlotKey, SlotState, Source, SourceIndex, includes,
};
use crate::want::{Children, Types, Want};

/// Tables of ways by position and type.
type KnownWays<'g> = IdMap<(PositionId, TypeId), ((usize, usize, usize), Rc<Ways<'g>>)>;

/// The plan in the making.
pub(crate) struct Planner<'g> {
    pub(crate) graph: &'g QueryGraph,
    pub(crate) supergraph: &'g Supergraph,
    pub(crate) operation: &'g Operation,
    /// Argument texts.
    pub(crate) texts: Interner,
    /// The operation's variables in an argument text.
    pub(crate) argument_variables: IdMap<NameId, Box<[NameId]>>,
    pub(crate) positions: IndexVec<PositionId, Position<'g>>,
    pub(crate) fetches: IndexVec<FetchIndex, FetchState<'g>>,
    pub(crate) nodes: IndexVec<NodeId, Node>,
    pub(crate) decisions: Decisions,
    /// What was found out of the operation, whatever is decided.
    pub(crate) memory: Memory<'g>,
    /// The entity requests whose keys are being resolved; none of them can be entered for its own key.
    pub(crate) entering: Vec<(PositionId, SubgraphId)>,
    /// How many entity requests wait for what is being resolved, each for the next.
    pub(crate) waiting: usize,
    /// The part of the response whose field is being resolved.
    pub(crate) part: Option<DeferId>,
    /// The place of the field with effects that is being resolved.
    pub(crate) effect: usize,
    /// Whether deferred fields are asked for in requests of their own.
    pub(crate) apart: bool,
    /// The subgraphs that no plan can do without: a field is resolved by them alone.
    pub(crate) needed: BTreeSet<SubgraphId>,
    /// The subgraphs that resolve a field which others resolve too.
    pub(crate) alternatives: BTreeSet<SubgraphId>,
    /// What was weighed for the fields of each fetch, where it is to be explained.
    pub(crate) considered: Option<Vec<(FetchIndex, Considered)>>,
    /// Fields that are asked of nobody, because the sources chosen never return their types.
    pub(crate) unasked: usize,
    /// The steps that were taken, as a measure of time that is the same on every machine.
    pub(crate) steps: Cell<usize>,
    /// What requests cost, given those that are made.
    pub(crate) prices: Prices,
    /// What they cost before any is made.
    pub(crate) first_prices: Prices,
    /// The entity fetches of a subgraph at a position.
    entity_fetches: IdMap<(PositionId, SubgraphId), Vec<FetchIndex>>,
    /// Tables of ways, each with the changes that it was made after.
    pub(crate) known_ways: RefCell<KnownWays<'g>>,
    /// Which fetches may leave together, once the walk has ended.
    pub(crate) sorts: Sorts,
}

/// A field asked of a source.
pub(crate) struct Asked {
    pub(crate) slot: SlotIndex,
    pub(crate) child: Option<PositionId>,
}

/// The field that is asked of a source, and for which types of the position.
pub(crate) struct Ask<'a> {
    pub(crate) source: SourceIndex,
    /// The type whose field it is in the subgraph.
    pub(crate) on: TypeId,
    pub(crate) field: FieldId,
    /// The types of the position that it fills.
    pub(crate) types: &'a Types,
    /// The types that share the slot, for objects.
    pub(crate) group: &'a Types,
}

impl<'g> Planner<'g> {
    pub(crate) fn new(
        graph: &'g QueryGraph,
        operation: &'g Operation,
        options: &Options,
        decisions: Decisions,
    ) -> Self {
        Self {
            graph,
            supergraph: graph.supergraph(),
            operation,
            texts: Interner::default(),
            argument_variables: IdMap::default(),
            positions: IndexVec::new(),
            fetches: IndexVec::new(),
            nodes: IndexVec::new(),
            decisions,
            memory: Memory::default(),
            entering: Vec::new(),
            waiting: 0,
            part: None,
            effect: 0,
            apart: options.apart,
            considered: None,
            needed: BTreeSet::new(),
            alternatives: BTreeSet::new(),
            unasked: 0,
            steps: Cell::new(0),
            prices: Prices::default(),
            first_prices: Prices::default(),
            entity_fetches: IdMap::default(),
            known_ways: RefCell::new(IdMap::default()),
            sorts: Sorts::default(),
        }
    }

    /// Tells the walk what other requests are expected, and which it is to avoid.
    pub(crate) fn bias(&mut self, bias: &Bias) {
        self.prices = Prices::new(bias);
        self.first_prices = Prices::new(bias);
    }

    /// Counts steps: each of them takes about the same time.
    pub(crate) fn count(&self, steps: usize) {
        self.steps.set(self.steps.get() + steps);
    }

    /// Whether root fields have side effects, so that they are never asked for twice.
    pub(crate) fn has_effects(&self) -> bool {
        self.operation.kind() != RootKind::Query
    }

    /// Where the objects stand of which a fetch asks something.
    pub(crate) fn asked_at(&self, fetch: &FetchState<'_>) -> PositionId {
        self.nodes[fetch.root].position
    }

    /// Whether a fetch asks the operation's own root type, at the top of the response.
    pub(crate) fn asks_operation_root(&self, fetch: &FetchState<'_>) -> bool {
        fetch.entities_at.is_none() && self.positions[self.asked_at(fetch)].parent.is_none()
    }

    /// The level of a fetch that waits for `after`.
    pub(crate) fn level_after(&self, after: &BTreeSet<FetchIndex>) -> u32 {
        after.iter().map(|&before| self.fetches[before].level).max().unwrap_or(0) + 1
    }

    /// Whether `fetch` is `other` or needs it, directly or not. Who waits for a fetch has a higher level.
    pub(crate) fn needs(&self, fetch: FetchIndex, other: FetchIndex) -> bool {
        let level = self.fetches[other].level;
        let mut seen = BTreeSet::new();
        let mut open = vec![fetch];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            if self.fetches[next].level > level && seen.insert(next) {
                self.count(1);
                open.extend(&self.fetches[next].after);
            }
        }
        false
    }

    fn await_all(&mut self, after: &BTreeSet<FetchIndex>) {
        for &fetch in after {
            self.fetches[fetch].awaited = true;
        }
    }

    /// Asks a source for a field; `want` says its arguments, condition and children.
    pub(crate) fn ask(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
        ask: &Ask<'_>,
        provides: &[&'g FieldSelection],
    ) -> Asked {
        let slot = self.slot(position, want, ask.field, ask.group);
        let source = &self.positions[position].sources[ask.source];
        let (node, fetch, subgraph) = (source.node, source.fetch, source.subgraph);
        self.count(1);
        let state = &mut self.positions[position].slots[slot];
        let filled = Filled { fetch, types: ask.types.clone(), always: want.when.is_always() };
        let (child, name) = (state.child, state.key.name);
        state.when = state.when.or(&want.when);
        for lead in &state.leads {
            self.nodes[*lead].widen(slot, &want.when);
        }
        if !state.filled.contains(&filled) {
            state.filled.push(filled);
            self.positions[position].changes += usize::from(self.graph.is_key_name(name));
        }
        let ty = self.type_in(subgraph, ask.field);
        let child_node = child.map(|child| {
            let known = self.nodes[node].child(slot);
            known.unwrap_or_else(|| self.nodes.push(Node::new(child, subgraph, Some(ty))))
        });
        // Objects of which nothing is wanted are asked for only to lead to what is below them.
        let hidden = want.key.is_none() || (child.is_some() && matches!(want.children, Children::None));
        let field = NodeField {
            on: ask.on,
            field: ask.field,
            slot,
            when: want.when.clone(),
            client: if hidden { When::never() } else { want.when.clone() },
            hidden,
            child: child_node,
        };
        self.nodes[node].add(field);
        if let (Some(child), Some(child_node)) = (child, child_node) {
            self.add_source(
                child,
                Source { fetch, subgraph, node: child_node, ty, types: None, provides: provides.to_vec() },
            );
        }
        Asked { slot, child }
    }

    /// The type of a field's objects as a subgraph has it, which may be narrower than the supergraph's.
    pub(crate) fn type_in(&self, subgraph: SubgraphId, field: FieldId) -> TypeId {
        let access = self.graph.access(subgraph, field);
        access.and_then(|a| a.ty()).unwrap_or(&self.supergraph.field(field).ty).named()
    }

    /// The slot of a want, made if it is new.
    pub(crate) fn slot(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
        field: FieldId,
        group: &Types,
    ) -> SlotIndex {
        let field = self.supergraph.field(field);
        let ItemField::Field(wanted) = want.field else { unreachable!("only fields are asked of subgraphs") };
        let declared = self.supergraph.field(wanted);
        let composite = self.supergraph.ty(declared.ty.named()).kind.is_composite();
        let mut key = SlotKey {
            name: field.name,
            arguments: want.arguments,
            ty: &declared.ty,
            effect: (self.has_effects() && self.positions[position].parent.is_none()).then_some(self.effect),
            objects: composite.then(|| ObjectSlot { types: group.clone(), key: None }),
        };
        if let (Some(&slot), Some(client), Some(objects)) =
            (self.positions[position].slots_by_key.get(&key), want.key, key.objects.as_mut())
        {
            let owner = &mut self.positions[position].slots[slot].owner;
            if *owner.get_or_insert(client) != client {
                objects.key = Some(client);
            }
        }
        if let Some(&slot) = self.positions[position].slots_by_key.get(&key) {
            return slot;
        }
        let slot = self.positions[position].slots.next_id();
        let child = composite
            .then(|| self.positions.push(Position::new(declared.ty.named(), Some((position, slot)))));
        let state = SlotState {
            field: wanted,
            key,
            owner: want.key,
            child,
            when: When::never(),
            leads: Vec::new(),
            filled: Vec::new(),
        };
        self.positions[position].add_slot(state)
    }

    fn add_source(&mut self, position: PositionId, source: Source<'g>) {
        let place = &mut self.positions[position];
        let mut known = place.sources_as(source.ty).iter().copied();
        let Some(id) = known.find(|&id| place.sources[id].node == source.node) else {
            place.changes += usize::from(!source.provides.is_empty());
            place.add_source(source);
            return;
        };
        let sources = &mut place.sources;
        for provided in source.provides {
            if !sources[id].provides.contains(&provided) {
                sources[id].provides.push(provided);
                place.changes += 1;
            }
        }
    }

    /// Starts a request to a root type.
    pub(crate) fn start_root(
        &mut self,
        (position, ty): (PositionId, TypeId),
        subgraph: SubgraphId,
        after: BTreeSet<FetchIndex>,
    ) -> SourceIndex {
        let node = self.nodes.push(Node::new(position, subgraph, Some(ty)));
        self.await_all(&after);
        self.prices.join((subgraph, self.level_after(&after)));
        let fetch = self.fetches.push(FetchState {
            subgraph,
            entities_at: None,
            alone: None,
            part: self.part,
            root: node,
            level: self.level_after(&after),
            after,
            awaited: false,
            representations: Vec::new(),
            contexts: Vec::new(),
        });
        let types = self.types_of(position, ty);
        let source = Source { fetch, subgraph, node, ty, types, provides: Vec::new() };
        self.positions[position].add_source(source)
    }

    /// The entity fetch of a subgraph at a position that can wait for `after`, or a new one. One that is known waits longer only if
    /// no other waits for it: then the longest row of requests is the same as with a new one.
    pub(crate) fn entity_fetch(
        &mut self,
        position: PositionId,
        LookedUp { subgraph, ty, by_object, alone }: LookedUp,
        (after, waits): (&BTreeSet<FetchIndex>, u32),
        requires: &[&'g FieldSelection],
    ) -> FetchIndex {
        let level = self.level_after(after).max(waits);
        let here = self.entity_fetches.get(&(position, subgraph)).map_or(&[][..], Vec::as_slice);
        self.count(1 + here.len() + after.len());
        let known = here.iter().copied().find(|&id| {
            let fetch = &self.fetches[id];
            fetch.part == self.part
                && (fetch.level >= level || !fetch.awaited)
                && !after.iter().any(|&before| self.needs(before, id))
                && !fetch.contradicts(ty, requires)
                && fetch.alone == alone
                && by_object.is_none_or(|entry| fetch.sends_alike(ty, requires) && fetch.sends_as(ty, entry))
        });
        self.await_all(after);
        if let Some(id) = known {
            let fetch = &mut self.fetches[id];
            self.positions[position].changes += usize::from(level > fetch.level);
            fetch.level = fetch.level.max(level);
            self.prices.join((subgraph, fetch.level));
            fetch.after.extend(after);
            return id;
        }
        self.prices.join((subgraph, level));
        let root = self.nodes.push(Node::new(position, subgraph, None));
        let id = self.fetches.push(FetchState {
            subgraph,
            entities_at: Some(position),
            alone,
            part: self.part,
            root,
            level,
            after: after.clone(),
            awaited: false,
            representations: Vec::new(),
            contexts: Vec::new(),
        });
        self.entity_fetches.entry((position, subgraph)).or_default().push(id);
        id
    }

    /// The source that an entity fetch is for objects of `ty`, looked up as `entry`.
    pub(crate) fn entity_source(
        &mut self,
        position: PositionId,
        fetch: FetchIndex,
        entry: TypeId,
        ty: TypeId,
    ) -> SourceIndex {
        let whole = self.positions[position].ty == ty;
        let place = &mut self.positions[position];
        let mut known = place.sources_as(entry).iter().copied();
        if let Some(id) = known.find(|&id| place.sources[id].fetch == fetch) {
            let types = &mut place.sources[id].types;
            if whole {
                place.changes += usize::from(types.take().is_some());
            } else if !includes(types, ty) {
                let mut listed = types.take().unwrap_or_default().into_vec();
                listed.push(ty);
                listed.sort_unstable();
                *types = Some(listed.into());
                place.changes += 1;
            }
            return id;
        }
        let state = &self.fetches[fetch];
        place.add_source(Source {
            fetch,
            subgraph: state.subgraph,
            node: state.root,
            ty: entry,
            types: (!whole).then(|| Box::from([ty])),
            provides: Vec::new(),
        })
    }
}
