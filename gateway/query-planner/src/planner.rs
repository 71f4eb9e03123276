//! The planner's state and the primitive steps on it: ask a source for a field, start a fetch.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use octavo_index::{IndexVec, Interner, NameId};
use octavo_operation::{ItemField, Operation, When};
use octavo_query_graph::QueryGraph;
use octavo_supergraph::{FieldId, FieldSelection, RootKind, SubgraphId, Supergraph, TypeId};

use crate::decide::Decisions;
use crate::reach::Ways;
use crate::state::{
    FetchIndex, FetchState, Node, NodeField, NodeId, ObjectSlot, Position, PositionId, SlotIndex, SlotKey,
    SlotState, Source, SourceIndex, includes,
};
use crate::want::{Children, Types, Want};

/// Tables of ways by position and type.
type KnownWays<'g> = HashMap<(PositionId, TypeId), (u64, Rc<Ways<'g>>)>;

/// The plan in the making.
pub(crate) struct Planner<'g> {
    pub(crate) graph: &'g QueryGraph,
    pub(crate) supergraph: &'g Supergraph,
    pub(crate) operation: &'g Operation,
    /// Argument texts.
    pub(crate) texts: Interner,
    /// The operation's variables in an argument text.
    pub(crate) argument_variables: HashMap<NameId, Box<[NameId]>>,
    pub(crate) positions: IndexVec<PositionId, Position<'g>>,
    pub(crate) fetches: IndexVec<FetchIndex, FetchState<'g>>,
    pub(crate) nodes: IndexVec<NodeId, Node>,
    pub(crate) decisions: Decisions,
    pub(crate) estimates: HashMap<EstimateKey<'g>, u32>,
    /// The entity requests whose keys are being resolved; none of them can be entered for its own key.
    pub(crate) entering: Vec<(PositionId, SubgraphId)>,
    /// Fields that are asked of nobody, because the sources chosen never return their types.
    pub(crate) unasked: usize,
    /// How many ways were compared, as a measure of time that is the same on every machine.
    pub(crate) work: Cell<usize>,
    /// Tables of ways, each with the changes that it was made after.
    pub(crate) known_ways: RefCell<KnownWays<'g>>,
}

/// A selection asked of a subgraph, with what is provided there.
type EstimateKey<'g> = (SubgraphId, octavo_operation::SetId, Vec<&'g FieldSelection>);

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
    pub(crate) fn new(graph: &'g QueryGraph, operation: &'g Operation, decisions: Decisions) -> Self {
        Self {
            graph,
            supergraph: graph.supergraph(),
            operation,
            texts: Interner::default(),
            argument_variables: HashMap::new(),
            positions: IndexVec::new(),
            fetches: IndexVec::new(),
            nodes: IndexVec::new(),
            decisions,
            estimates: HashMap::new(),
            entering: Vec::new(),
            unasked: 0,
            work: Cell::new(0),
            known_ways: RefCell::new(HashMap::new()),
        }
    }

    /// Whether root fields have side effects, so that they are never asked for twice.
    pub(crate) fn has_effects(&self) -> bool {
        self.operation.kind() != RootKind::Query
    }

    /// The level of a fetch that waits for `after`.
    pub(crate) fn level_after(&self, after: &BTreeSet<FetchIndex>) -> u32 {
        after.iter().map(|&before| self.fetches[before].level).max().unwrap_or(0) + 1
    }

    /// Whether `fetch` is `other` or needs it, directly or not.
    pub(crate) fn needs(&self, fetch: FetchIndex, other: FetchIndex) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![fetch];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            if seen.insert(next) {
                open.extend(&self.fetches[next].after);
            }
        }
        false
    }

    fn is_awaited(&self, fetch: FetchIndex) -> bool {
        self.fetches.iter().any(|other| other.after.contains(&fetch))
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
        let state = &mut self.positions[position].slots[slot];
        state.filled.push((fetch, ask.types.clone()));
        let child = state.child;
        if self.graph.is_key_name(state.key.name) {
            self.positions[position].changes += 1;
        }
        let ty = self.type_in(subgraph, ask.field);
        let child_node = child.map(|child| self.child_node(node, child, slot, ty));
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
        self.add_field(node, field);
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
            ty: declared.ty.clone(),
            effect: want.key.filter(|_| self.has_effects() && self.positions[position].parent.is_none()),
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
        let state = SlotState { field: wanted, key: key.clone(), owner: want.key, child, filled: Vec::new() };
        let position = &mut self.positions[position];
        position.slots_by_key.insert(key, slot);
        position.slots.push(state)
    }

    /// The node below a field: shared by all uses of its slot in one node.
    fn child_node(&mut self, node: NodeId, child: PositionId, slot: SlotIndex, ty: TypeId) -> NodeId {
        let existing = self.nodes[node].fields.iter().find(|f| f.slot == slot).and_then(|f| f.child);
        existing
            .unwrap_or_else(|| self.nodes.push(Node { position: child, ty: Some(ty), fields: Vec::new() }))
    }

    fn add_field(&mut self, node: NodeId, new: NodeField) {
        let fields = &mut self.nodes[node].fields;
        match fields.iter_mut().find(|f| f.slot == new.slot && f.on == new.on) {
            None => fields.push(new),
            Some(known) => {
                known.when = known.when.or(&new.when);
                known.client = known.client.or(&new.client);
                known.hidden |= new.hidden;
            }
        }
    }

    fn add_source(&mut self, position: PositionId, source: Source<'g>) {
        self.positions[position].changes += 1;
        let sources = &mut self.positions[position].sources;
        let known = sources.iter_with_ids().find(|(_, s)| s.node == source.node && s.ty == source.ty);
        let Some((id, _)) = known else {
            sources.push(source);
            return;
        };
        for provided in source.provides {
            if !sources[id].provides.contains(&provided) {
                sources[id].provides.push(provided);
            }
        }
    }

    /// Starts a request to a root type.
    pub(crate) fn start_root(
        &mut self,
        position: PositionId,
        subgraph: SubgraphId,
        after: BTreeSet<FetchIndex>,
    ) -> SourceIndex {
        let ty = self.positions[position].ty;
        self.positions[position].changes += 1;
        let node = self.nodes.push(Node { position, ty: Some(ty), fields: Vec::new() });
        let fetch = self.fetches.push(FetchState {
            subgraph,
            entities_at: None,
            root: node,
            level: self.level_after(&after),
            after,
            representations: Vec::new(),
        });
        let source = Source { fetch, subgraph, node, ty, types: None, provides: Vec::new() };
        self.positions[position].sources.push(source)
    }

    /// The entity fetch of a subgraph at a position that can wait for `after`, or a new one. One that is known waits longer only if
    /// no other waits for it: then the longest row of requests is the same as with a new one.
    pub(crate) fn entity_fetch(
        &mut self,
        position: PositionId,
        (subgraph, ty): (SubgraphId, TypeId),
        after: &BTreeSet<FetchIndex>,
        requires: &[&'g FieldSelection],
    ) -> FetchIndex {
        let level = self.level_after(after);
        let known = self.fetches.iter_with_ids().find(|(id, fetch)| {
            fetch.entities_at == Some(position)
                && fetch.subgraph == subgraph
                && (fetch.level >= level || !self.is_awaited(*id))
                && !after.iter().any(|&before| self.needs(before, *id))
                && !fetch.contradicts(ty, requires)
        });
        if let Some((id, _)) = known {
            let fetch = &mut self.fetches[id];
            fetch.level = fetch.level.max(level);
            fetch.after.extend(after);
            return id;
        }
        let root = self.nodes.push(Node { position, ty: None, fields: Vec::new() });
        self.fetches.push(FetchState {
            subgraph,
            entities_at: Some(position),
            root,
            level,
            after: after.clone(),
            representations: Vec::new(),
        })
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
        self.positions[position].changes += 1;
        let sources = &mut self.positions[position].sources;
        let known =
            sources.iter_with_ids().find(|(_, s)| s.fetch == fetch && s.ty == entry).map(|(id, _)| id);
        if let Some(id) = known {
            let types = &mut sources[id].types;
            if whole {
                *types = None;
            } else if !includes(types, ty) {
                let mut listed = types.take().unwrap_or_default().into_vec();
                listed.push(ty);
                listed.sort_unstable();
                *types = Some(listed.into());
            }
            return id;
        }
        let state = &self.fetches[fetch];
        sources.push(Source {
            fetch,
            subgraph: state.subgraph,
            node: state.root,
            ty: entry,
            types: (!whole).then(|| Box::from([ty])),
            provides: Vec::new(),
        })
    }
}
