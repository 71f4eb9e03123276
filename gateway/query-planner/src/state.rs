//! The plan while it is made: positions of the response with their slots, fetches, and the selections of the fetches.

use std::collections::{BTreeMap, BTreeSet};

use octavo_index::{IdMap, IndexVec, NameId};
use octavo_operation::{DeferId, SetId, When};
use octavo_supergraph::{FieldId, FieldSelection, SubgraphId, TypeId, TypeRef};

use crate::context::ContextState;
use crate::want::Types;

octavo_index::define_ids! {
    /// Names a position of the response.
    PositionId,
    /// Names a slot of one position.
    SlotIndex,
    /// Names a source of one position.
    SourceIndex,
    /// Names a fetch that is being made.
    FetchIndex,
    /// Names a selection set inside a fetch.
    NodeId,
}

/// A place of the response where objects stand.
#[derive(Debug)]
pub(crate) struct Position<'g> {
    pub(crate) ty: TypeId,
    pub(crate) parent: Option<(PositionId, SlotIndex)>,
    /// The selection sets of the operation that stand here.
    pub(crate) sets: Vec<SetId>,
    pub(crate) slots: IndexVec<SlotIndex, SlotState<'g>>,
    pub(crate) slots_by_key: IdMap<SlotKey<'g>, SlotIndex>,
    slots_by_name: IdMap<NameId, Vec<SlotIndex>>,
    pub(crate) outputs: Vec<OutputState>,
    pub(crate) sources: IndexVec<SourceIndex, Source<'g>>,
    /// By the type of the objects as the subgraph knows it.
    sources_by_type: BTreeMap<TypeId, Vec<SourceIndex>>,
    /// Grows when something changes that ways to this position's objects depend on.
    pub(crate) changes: usize,
}

/// What makes two uses of a field one slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotKey<'g> {
    pub(crate) name: NameId,
    pub(crate) arguments: Option<NameId>,
    pub(crate) ty: &'g TypeRef,
    /// The place of a field with effects in the response: each use has its own slot.
    pub(crate) effect: Option<usize>,
    /// Leaves are shared by all; objects by those that resolve them alike.
    pub(crate) objects: Option<ObjectSlot>,
}

/// What tells slots of objects apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectSlot {
    /// The object types whose field it is, where they are resolved differently.
    pub(crate) types: Types,
    /// The client's response key, for every key after the first.
    pub(crate) key: Option<NameId>,
}

/// A slot while the plan is made.
#[derive(Debug)]
pub(crate) struct SlotState<'g> {
    pub(crate) field: FieldId,
    pub(crate) key: SlotKey<'g>,
    /// The client's response key that an object slot is for.
    pub(crate) owner: Option<NameId>,
    pub(crate) child: Option<PositionId>,
    /// When it is asked at all.
    pub(crate) when: When,
    /// Nodes that ask it only to lead to what is below it.
    pub(crate) leads: Vec<NodeId>,
    /// Which fetches fill it.
    pub(crate) filled: Vec<Filled>,
}

/// A fetch that fills a slot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) fetch: FetchIndex,
    /// The position's types for which it does.
    pub(crate) types: Types,
    /// Whether it is asked without a condition.
    pub(crate) always: bool,
}

/// An output while the plan is made.
#[derive(Clone, Debug)]
pub(crate) struct OutputState {
    pub(crate) key: NameId,
    pub(crate) types: Types,
    pub(crate) when: When,
    pub(crate) defer: Option<DeferId>,
    pub(crate) stream: Option<DeferId>,
    pub(crate) value: OutputFrom,
}

/// Where an output's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputFrom {
    Typename,
    /// The gateway's own answer.
    Introspection,
    Slot(SlotIndex),
    /// The caller may not see it.
    Refused {
        non_null: bool,
    },
}

/// A fetch in which fields of a position can be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Source<'g> {
    pub(crate) fetch: FetchIndex,
    pub(crate) subgraph: SubgraphId,
    pub(crate) node: NodeId,
    /// The type of the objects as the subgraph knows it there.
    pub(crate) ty: TypeId,
    /// The position's types that it can be asked for.
    pub(crate) types: Types,
    /// Fields that `@provides` adds on this path.
    pub(crate) provides: Vec<&'g FieldSelection>,
}

/// A request that is being made.
#[derive(Debug)]
pub(crate) struct FetchState<'g> {
    pub(crate) subgraph: SubgraphId,
    /// Where its entities stand; `None` when it asks a root type.
    pub(crate) entities_at: Option<PositionId>,
    /// The only types of objects that it may send.
    pub(crate) alone: Types,
    /// The part of the response whose fields it was made for.
    pub(crate) part: Option<DeferId>,
    pub(crate) root: NodeId,
    pub(crate) after: BTreeSet<FetchIndex>,
    /// One more than the highest level before it.
    pub(crate) level: u32,
    /// Whether another waits for it.
    pub(crate) awaited: bool,
    pub(crate) representations: Vec<RepresentationState<'g>>,
    /// What arguments of its fields take from the objects around.
    pub(crate) contexts: Vec<ContextState<'g>>,
}

/// What an entity request looks up.
pub(crate) struct LookedUp {
    pub(crate) subgraph: SubgraphId,
    /// The type of the objects.
    pub(crate) ty: TypeId,
    /// The interface object as which they are looked up.
    pub(crate) by_object: Option<TypeId>,
    /// The only types of objects that the request may send.
    pub(crate) alone: Types,
}

/// How objects of one type are sent, while the plan is made.
#[derive(Debug)]
pub(crate) struct RepresentationState<'g> {
    /// The position's type.
    pub(crate) ty: TypeId,
    /// The type under which it is looked up.
    pub(crate) entry: TypeId,
    pub(crate) key: &'g [FieldSelection],
    pub(crate) requires: Vec<&'g FieldSelection>,
}

/// A selection set of a fetch.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) position: PositionId,
    pub(crate) subgraph: SubgraphId,
    /// The type in the subgraph; `None` for what `_entities` returns.
    pub(crate) ty: Option<TypeId>,
    pub(crate) fields: Vec<NodeField>,
    /// By slot and type: the field's place in `fields`.
    by_slot: IdMap<(SlotIndex, TypeId), usize>,
    /// By slot: the node below.
    children: IdMap<SlotIndex, NodeId>,
}

/// A field of a selection set of a fetch.
#[derive(Debug)]
pub(crate) struct NodeField {
    /// The type whose field it is: the node's, or the one that an inline fragment names.
    pub(crate) on: TypeId,
    pub(crate) field: FieldId,
    pub(crate) slot: SlotIndex,
    pub(crate) when: When,
    /// When a client asks for it itself, and not a representation or what is below it alone.
    pub(crate) client: When,
    /// Whether others do.
    pub(crate) hidden: bool,
    pub(crate) child: Option<NodeId>,
}

impl FetchState<'_> {
    /// Whether objects of `ty` are sent with a field under other arguments than `requires` names: one representation cannot hold
    /// both.
    pub(crate) fn contradicts(&self, ty: TypeId, requires: &[&FieldSelection]) -> bool {
        let known = self.representations.iter().filter(|r| r.ty == ty).flat_map(|r| &r.requires);
        known.into_iter().any(|known| requires.iter().any(|new| differ(known, new)))
    }
}

impl<'g> FetchState<'g> {
    /// Adds what arguments of a field take from the objects around, if it was not asked for before.
    pub(crate) fn add_contexts(&mut self, states: Vec<ContextState<'g>>) {
        for state in states {
            let same = |known: &&mut ContextState<'_>| {
                (known.field, known.argument.name) == (state.field, state.argument.name)
            };
            match self.contexts.iter_mut().find(same) {
                Some(known) => known.types.extend(state.types),
                None => self.contexts.push(state),
            }
        }
    }

    /// Whether no object of `ty` is looked up as another type than `entry`: each object is sent once.
    pub(crate) fn sends_as(&self, ty: TypeId, entry: TypeId) -> bool {
        self.representations.iter().all(|r| r.ty != ty || r.entry == entry)
    }

    /// Whether objects of other types than `ty` are sent with `requires` and what `ty` is sent with, and no more. Fields of an
    /// interface object are asked of all objects alike, so that none may lack what another is sent with.
    pub(crate) fn sends_alike(&self, ty: TypeId, requires: &[&'g FieldSelection]) -> bool {
        let own = self.representations.iter().filter(|r| r.ty == ty).flat_map(|r| &r.requires);
        let own: Vec<_> = own.chain(requires).collect();
        let same = |r: &RepresentationState<'_>| {
            r.requires.iter().all(|s| own.contains(&s)) && own.iter().all(|s| r.requires.contains(*s))
        };
        self.representations.iter().all(|r| r.ty == ty || same(r))
    }
}

/// Whether two selections ask one field with different arguments, here or below.
fn differ(a: &FieldSelection, b: &FieldSelection) -> bool {
    let below = || a.selections.iter().any(|a| b.selections.iter().any(|b| differ(a, b)));
    a.field == b.field && (a.arguments != b.arguments || below())
}

impl<'g> Position<'g> {
    pub(crate) fn new(ty: TypeId, parent: Option<(PositionId, SlotIndex)>) -> Self {
        Self {
            ty,
            parent,
            sets: Vec::new(),
            slots: IndexVec::new(),
            slots_by_key: IdMap::default(),
            slots_by_name: IdMap::default(),
            outputs: Vec::new(),
            sources: IndexVec::new(),
            sources_by_type: BTreeMap::new(),
            changes: 0,
        }
    }

    /// The slots that hold a field of this name.
    pub(crate) fn named(&self, name: NameId) -> impl Iterator<Item = SlotIndex> + use<'_> {
        self.slots_by_name.get(&name).into_iter().flatten().copied()
    }

    pub(crate) fn add_source(&mut self, source: Source<'g>) -> SourceIndex {
        let id = self.sources.next_id();
        self.sources_by_type.entry(source.ty).or_default().push(id);
        self.sources.push(source)
    }

    /// The sources that know their objects as this type.
    pub(crate) fn sources_as(&self, ty: TypeId) -> &[SourceIndex] {
        self.sources_by_type.get(&ty).map_or(&[], Vec::as_slice)
    }

    /// The types as which sources know their objects.
    pub(crate) fn source_types(&self) -> impl Iterator<Item = TypeId> + use<'_, 'g> {
        self.sources_by_type.keys().copied()
    }

    pub(crate) fn add_slot(&mut self, state: SlotState<'g>) -> SlotIndex {
        let slot = self.slots.next_id();
        self.slots_by_name.entry(state.key.name).or_default().push(slot);
        self.slots_by_key.insert(state.key.clone(), slot);
        self.slots.push(state)
    }
}

impl Node {
    pub(crate) fn new(position: PositionId, subgraph: SubgraphId, ty: Option<TypeId>) -> Self {
        Self {
            position,
            subgraph,
            ty,
            fields: Vec::new(),
            by_slot: IdMap::default(),
            children: IdMap::default(),
        }
    }

    /// The node below a slot's field, shared by all uses of the slot here.
    pub(crate) fn child(&self, slot: SlotIndex) -> Option<NodeId> {
        self.children.get(&slot).copied()
    }

    /// Asks a slot's fields under one more condition.
    pub(crate) fn widen(&mut self, slot: SlotIndex, when: &When) {
        for field in self.fields.iter_mut().filter(|field| field.slot == slot) {
            field.when = field.when.or(when);
        }
    }

    /// Adds a field, or joins it to the one that asks the same.
    pub(crate) fn add(&mut self, new: NodeField) {
        if let Some(&known) = self.by_slot.get(&(new.slot, new.on)) {
            let known = &mut self.fields[known];
            known.when = known.when.or(&new.when);
            known.client = known.client.or(&new.client);
            known.hidden |= new.hidden;
            return;
        }
        self.by_slot.insert((new.slot, new.on), self.fields.len());
        self.children.extend(new.child.map(|child| (new.slot, child)));
        self.fields.push(new);
    }
}

/// Whether `types` has `ty`.
pub(crate) fn includes(types: &Types, ty: TypeId) -> bool {
    types.as_ref().is_none_or(|types| types.contains(&ty))
}
