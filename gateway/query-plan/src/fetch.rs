//! Requests to subgraphs: what is sent, and how the answer is read.

use std::sync::Arc;

use crate::{Lifetime, OperationKind, ShapeId, SlotId, TypeSet};

octavo_index::define_ids! {
    /// Names a [`Fetch`] of one plan.
    FetchId,
    /// Names a [`Selection`] of one plan.
    SelectionId,
}

/// One request to one subgraph.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The subgraph's name.
    pub subgraph: Arc<str>,
    /// The kind of the operation that is sent.
    pub kind: OperationKind,
    /// The document that is sent; it holds one operation.
    pub document: Arc<str>,
    /// The operation's name in `document`, if it has one.
    pub operation_name: Option<Arc<str>>,
    /// The client's variables that `document` uses, by name; only these are sent (beside representations).
    pub variables: Vec<Box<str>>,
    /// What is asked, and where the answer goes.
    pub content: FetchContent,
    /// The fetches whose answers this one needs.
    pub after: Vec<FetchId>,
}

/// What a fetch asks.
#[derive(Clone, Debug)]
pub enum FetchContent {
    /// Fields of a root type, read into the root row.
    Root(SelectionId),
    /// Entities, read into rows that exist; one group for each `_entities` field of the document.
    Entities(Vec<EntityGroup>),
}

/// One `_entities` field: rows to look up, and what is read of each.
#[derive(Clone, Debug)]
pub struct EntityGroup {
    /// The response key of the `_entities` field.
    pub key: Box<str>,
    /// The variable that takes the representations.
    pub variable: Box<str>,
    /// Where the rows are, from the root row. Lists on the way are passed through.
    pub path: Vec<PathStep>,
    /// How a row is represented: the first whose types hold the row's. A row that none fits is left out.
    pub representations: Vec<Representation>,
    /// How each entity of the answer is read.
    pub selection: SelectionId,
    /// For how long an entity of the answer may be kept and given to later requests.
    pub lifetime: Lifetime,
}

/// One step from a row to the rows in one of its slots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathStep {
    /// Only rows of these types are stepped from.
    pub types: TypeSet,
    /// The slot to follow.
    pub slot: SlotId,
}

/// How an entity is written for `_entities(representations:)`.
#[derive(Clone, Debug)]
pub struct Representation {
    /// The row's types that it is for.
    pub types: TypeSet,
    /// The `__typename` that is sent; `None` sends the name of the row's type. (An `@interfaceObject`, or an entity
    /// interface, is sent under the interface's name.)
    pub typename: Option<Box<str>>,
    /// The fields of the key, and those that `@requires` names.
    pub fields: Vec<RepresentationField>,
}

/// One field of a representation.
#[derive(Clone, Debug)]
pub struct RepresentationField {
    /// The name that the subgraph knows it by.
    pub key: Box<str>,
    /// The row's types for which it is sent.
    pub types: TypeSet,
    /// Part of a key: if it is null or missing, the row cannot be represented. Otherwise null is sent for it.
    pub required: bool,
    /// Where its value comes from.
    pub value: RepresentationValue,
}

/// Where a field of a representation comes from.
#[derive(Clone, Debug)]
pub enum RepresentationValue {
    /// The name of the row's type.
    Typename,
    /// A slot of the row; `fields` are those of the objects in it, and empty for a leaf.
    Slot {
        /// The slot.
        slot: SlotId,
        /// What is sent of an object in the slot.
        fields: Vec<RepresentationField>,
    },
}

/// How an object of an answer is read into a row.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The row's shape.
    pub shape: ShapeId,
    /// The keys, in the order in which they are asked for. No key stands twice. A key that is not here is passed over;
    /// one that is missing leaves its slot as it was.
    pub fields: Vec<ReadField>,
}

/// One key of an answer's object.
#[derive(Clone, Debug)]
pub struct ReadField {
    /// The response key in the subgraph's answer.
    pub key: Box<str>,
    /// The row's types for which it was asked: for others, its absence is no error.
    pub types: TypeSet,
    /// Where it goes.
    pub target: ReadTarget,
}

/// Where a value of an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTarget {
    /// It tells the row's type.
    Typename,
    /// Into a slot; `selection` reads the objects in it, and is `None` for a leaf.
    Slot {
        /// The slot.
        slot: SlotId,
        /// How objects are read.
        selection: Option<SelectionId>,
    },
}
