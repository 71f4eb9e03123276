//! The normalised operation.

use octavo_index::{IndexVec, Interner, NameId};
use octavo_supergraph::{FieldId, RootKind, TypeId};

use crate::{DeferId, Deferred, When};

octavo_index::define_ids! {
    /// Names a selection set of one operation.
    SetId,
    /// Names the arguments of one or more fields of one operation.
    ArgumentsId,
}

/// An operation whose names are ids: types and fields of the supergraph, texts of its own interner.
#[derive(Debug)]
pub struct Operation {
    pub(crate) kind: RootKind,
    pub(crate) name: Option<NameId>,
    pub(crate) root: SetId,
    pub(crate) sets: IndexVec<SetId, SelectionSet>,
    pub(crate) arguments: IndexVec<ArgumentsId, Arguments>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) deferred: IndexVec<DeferId, Deferred>,
    pub(crate) texts: Interner,
}

/// What is asked of the objects at one position.
#[derive(Debug)]
pub struct SelectionSet {
    /// The type of the position.
    pub parent: TypeId,
    /// What is asked. Items with one key are for different types.
    pub items: Vec<Item>,
    /// The order of the response.
    pub places: Vec<Place>,
}

/// Where an item stands in the response. One that is asked several times stands where it is asked first; which of the times that is
/// can depend on conditions, of which never two hold at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the items.
    pub item: usize,
    /// The condition under which it stands here.
    pub when: When,
}

/// One key of the response.
#[derive(Clone, Debug)]
pub struct Item {
    /// The response key.
    pub key: NameId,
    /// What is asked.
    pub field: ItemField,
    /// Its arguments, if it has any.
    pub arguments: Option<ArgumentsId>,
    /// The object types it is for, sorted; `None`: all of the position.
    pub types: Option<Box<[TypeId]>>,
    /// The condition under which it is asked, beside those of the fields around it.
    pub when: When,
    /// The part of the response that it comes with; `None`: the first.
    pub defer: Option<DeferId>,
    /// The part of the response that the further items of its list come with.
    pub stream: Option<DeferId>,
    /// What is asked of its objects.
    pub children: Option<SetId>,
}

/// What an [`Item`] asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemField {
    /// `__typename`
    Typename,
    /// `__schema` or `__type`
    Introspection,
    /// A field.
    Field(FieldId),
    /// A field that the caller may not see: null, whatever there is.
    Refused(FieldId),
}

/// Arguments with one spelling: sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arguments {
    /// Without parentheses.
    pub text: NameId,
    /// The variables inside, sorted by name.
    pub variables: Box<[NameId]>,
}

/// A variable of the operation.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name, without `$`.
    pub name: NameId,
    /// Its type as text.
    pub ty: NameId,
    /// Its default value as text.
    pub default: Option<NameId>,
}

impl Operation {
    /// What the operation does.
    pub fn kind(&self) -> RootKind {
        self.kind
    }

    /// Its name.
    pub fn name(&self) -> Option<NameId> {
        self.name
    }

    /// The selection set of the response's `data`.
    pub fn root(&self) -> SetId {
        self.root
    }

    /// One selection set.
    pub fn set(&self, id: SetId) -> &SelectionSet {
        &self.sets[id]
    }

    /// How many selection sets there are.
    pub fn set_count(&self) -> usize {
        self.sets.len()
    }

    /// The arguments of an item.
    pub fn arguments(&self, id: ArgumentsId) -> &Arguments {
        &self.arguments[id]
    }

    /// The variables, in the order of the operation.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The parts of the response that may come after the first. A part stands after the one around it.
    pub fn deferred(&self) -> &IndexVec<DeferId, Deferred> {
        &self.deferred
    }

    /// The innermost part that holds both.
    pub fn part_around(&self, one: Option<DeferId>, other: Option<DeferId>) -> Option<DeferId> {
        crate::defer::around(&self.deferred, one, other)
    }

    /// The text of a name of this operation (not of the supergraph).
    pub fn text(&self, id: NameId) -> &str {
        self.texts.resolve(id)
    }
}
