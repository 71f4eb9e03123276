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

impl Fetch {
    /// The `_entities` fields that it asks; none where it asks a root type.
    pub fn groups(&self) -> &[EntityGroup] {
        match &self.content {
            FetchContent::Root(_) => &[],
            FetchContent::Entities(groups) => groups,
        }
    }

    /// The document with further copies of its `_entities` fields, `copies` by group: each for rows with other values of arguments from
    /// contexts. Copies are numbered from one, and so are their response keys and variables ([`copied`]).
    pub fn document_with(&self, copies: &[usize]) -> String {
        let mut text = self.document.to_string();
        let variables = text.find('(').map_or(0, |open| open + 1);
        for (group, &copies) in self.groups().iter().zip(copies) {
            let Some(again) = &group.again else { continue };
            for number in (1..=copies).map(|copy| copied("", copy)) {
                text.insert_str(variables, &again.definitions.join(&number));
                let end = text.len() - 1;
                text.insert_str(end, &again.field.join(&number));
            }
        }
        text
    }
}

/// A name as a copy of an `_entities` field has it; the first is that of the plan.
pub fn copied(name: &str, copy: usize) -> String {
    if copy == 0 { name.to_owned() } else { format!("{name}_{copy}") }
}

/// What a fetch asks.
#[derive(Clone, Debug)]
pub enum FetchContent {
    /// Fields of a root type.
    Root(RootFields),
    /// Entities, read into rows that exist; one group for each `_entities` field of the document.
    Entities(Vec<EntityGroup>),
}

/// Fields of a root type, read into rows that exist: the root row, or objects of the query type further down, which are all alike.
#[derive(Clone, Debug)]
pub struct RootFields {
    /// Where the rows are, from the root row. Lists on the way are passed through.
    pub path: Vec<PathStep>,
    /// The types of the rows that are meant.
    pub types: TypeSet,
    /// How the answer is read.
    pub selection: SelectionId,
}

impl RootFields {
    /// Those of the operation's own root.
    pub fn at_top(selection: SelectionId) -> Self {
        Self { path: Vec::new(), types: TypeSet::All, selection }
    }
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
    /// The arguments inside the field whose values come from the objects around a row.
    pub contexts: Vec<ContextArgument>,
    /// The field once more, for rows with other values of these; `None` without any.
    pub again: Option<Again>,
    /// How each entity of the answer is read.
    pub selection: SelectionId,
    /// For how long an entity of the answer may be kept and given to later requests.
    pub lifetime: Lifetime,
}

/// An argument that takes its value from an object around (`@fromContext`).
#[derive(Clone, Debug)]
pub struct ContextArgument {
    /// The variable that takes the value.
    pub variable: Box<str>,
    /// Whether a row without a value is not looked up; otherwise null is sent for it. Such a group stands alone in its request, and all its
    /// rows have the argument.
    pub required: bool,
    /// The types of the rows whose field has the argument.
    pub types: TypeSet,
    /// The objects around that may have it: the first whose types hold the row does.
    pub sources: Vec<ContextSource>,
}

/// An object around a row, and the value in it.
#[derive(Clone, Debug)]
pub struct ContextSource {
    /// How many steps of the group's path lead to the object.
    pub depth: usize,
    /// The types of objects that it is taken from.
    pub types: TypeSet,
    /// The way to the value: of each object that is met, the first field whose types hold it, down to a leaf. Lists are kept.
    pub fields: Vec<RepresentationField>,
}

/// What is added to a document for one `_entities` field more. Where two parts of a text meet, `_` and the number of the copy are
/// written.
#[derive(Clone, Debug)]
pub struct Again {
    /// The definitions of its variables, each with a comma after it.
    pub definitions: Vec<Box<str>>,
    /// The field, under a response key of its own.
    pub field: Vec<Box<str>>,
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
