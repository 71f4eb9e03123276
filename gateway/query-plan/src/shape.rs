//! The shape of response objects: slots to fill and outputs to write.

use std::sync::Arc;

use crate::{ConditionId, DeferId};

octavo_index::define_ids! {
    /// Names a [`Shape`] of one plan.
    ShapeId,
    /// Names a [`Slot`] of one shape.
    SlotId,
    /// Names the values of one enum in [`QueryPlan::enums`](crate::QueryPlan::enums).
    EnumId,
    /// Names a [`ConcreteType`] of one shape.
    TypeIndex,
}

/// The objects that can stand at one position of the response.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The object types that can stand here, by name. One type: every row has it, whatever the answers say.
    /// Several: the row's `__typename` tells, from the first answer that names one of them.
    pub types: octavo_index::IndexVec<TypeIndex, ConcreteType>,
    /// Whether a row's type may stay unknown, since a subgraph has the objects as an `@interfaceObject`.
    pub interface_objects: bool,
    /// What a row of this shape holds.
    pub slots: octavo_index::IndexVec<SlotId, Slot>,
    /// What the client sees of a row, in the order in which it is written.
    pub outputs: Vec<Output>,
}

/// An object type that can stand at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcreteType {
    /// The type's name.
    pub name: Box<str>,
    /// Whether clients may see it. An object of an `@inaccessible` type becomes null with an error.
    pub accessible: bool,
}

/// One field with one set of arguments.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The field's name in the schema, for messages.
    pub field: Box<str>,
    /// The type of the field in the client's schema.
    pub value: ValueType,
    /// The subgraph that is asked for it, if it is one alone: whose fault it is when the value does not fit.
    pub subgraph: Option<Arc<str>>,
}

/// The type of a value, wrappers outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A list.
    List {
        /// Whether null is an error.
        non_null: bool,
        /// The type of the items.
        item: Box<ValueType>,
    },
    /// A scalar or enum.
    Leaf {
        /// Whether null is an error.
        non_null: bool,
        /// What is accepted.
        kind: LeafKind,
    },
    /// An object, interface or union.
    Object {
        /// Whether null is an error.
        non_null: bool,
        /// The rows.
        shape: ShapeId,
    },
}

impl ValueType {
    /// Whether null is an error here.
    pub fn non_null(&self) -> bool {
        match self {
            Self::List { non_null, .. } | Self::Leaf { non_null, .. } | Self::Object { non_null, .. } => {
                *non_null
            }
        }
    }

    /// The shape of the objects inside, past any lists.
    pub fn shape(&self) -> Option<ShapeId> {
        match self {
            Self::List { item, .. } => item.shape(),
            Self::Leaf { .. } => None,
            Self::Object { shape, .. } => Some(*shape),
        }
    }
}

/// How a leaf is checked (<https://spec.graphql.org/draft/#sec-Scalars.Result-Coercion>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKind {
    /// A number without a fraction, in 32 bits.
    Int,
    /// Any finite number.
    Float,
    /// A string.
    String,
    /// `true` or `false`.
    Boolean,
    /// A string; a whole number is written as a string.
    Id,
    /// A string among the values.
    Enum(EnumId),
    /// Any JSON value: a custom scalar, or a part of the response that is already complete.
    Any,
}

/// One key of the client's response.
#[derive(Clone, Debug)]
pub struct Output {
    /// The response key.
    pub key: Box<str>,
    /// The row's types for which it is written.
    pub types: TypeSet,
    /// Written only if this holds.
    pub when: Option<ConditionId>,
    /// The part of the response that it comes with; `None`: the first.
    pub defer: Option<DeferId>,
    /// The part that the further items of its list come with.
    pub stream: Option<DeferId>,
    /// What is written.
    pub value: OutputValue,
    /// Types of rows whose own field has another type than the slot, and that type: an object's field may be stricter than that of
    /// the interface by which it was asked.
    pub own: Vec<(TypeSet, ValueType)>,
}

impl Output {
    /// The type of the value for a row of type `row` (`None`: not known), where `slot` is the output's. A row of which nobody knows
    /// the type gets the strictest: it may be an object that has no null here.
    pub fn value_type<'p>(&'p self, slot: &'p Slot, row: Option<TypeIndex>) -> &'p ValueType {
        let meant = |(types, value): &&(TypeSet, ValueType)| {
            types.contains(row) || (row.is_none() && value.non_null())
        };
        self.own.iter().find(meant).map_or(&slot.value, |(_, value)| value)
    }
}

/// What an [`Output`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputValue {
    /// The name of the row's type.
    Typename,
    /// The value of a slot.
    Slot(SlotId),
    /// Null with an error: the caller may not see the field.
    Refused {
        /// Whether null is an error beyond that.
        non_null: bool,
    },
}

/// Some of a shape's types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeSet {
    /// All of them, and rows whose type is not known.
    All,
    /// These, in ascending order.
    Only(Box<[TypeIndex]>),
}

impl TypeSet {
    /// Whether a row of this type (`None`: not known) is meant.
    pub fn contains(&self, row: Option<TypeIndex>) -> bool {
        match (self, row) {
            (Self::All, _) => true,
            (Self::Only(types), Some(row)) => types.contains(&row),
            (Self::Only(_), None) => false,
        }
    }
}
