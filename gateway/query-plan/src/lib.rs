//! The query plan and the shape of its response, as plain data.
//!
//! A [`QueryPlan`] says which requests go to which subgraph, in which order ([`PlanNode`]), how each answer is read
//! ([`Selection`]) into the slots of response objects ([`Shape`]), and how the client's response is written from them
//! ([`Output`]). It names no producer and no consumer: the planner makes it, the executor runs it, and both know only this crate.
//!
//! **Rows and slots.** A response object is a row; its [`Shape`] lists the slots that the row has. A slot holds one field with
//! one set of arguments, asked for by the client or needed to write an entity representation. Several fetches may fill
//! slots of the same row, and one slot may be filled by several (a list or object that two subgraphs each know in part).

mod condition;
mod defer;
mod fetch;
mod lifetime;
pub mod print;
mod shape;
mod tree;

pub use condition::{Condition, ConditionId, Literal};
pub use defer::{Count, DeferId, Deferred, StreamedList};
pub use fetch::{
    Again, ContextArgument, ContextSource, EntityGroup, Fetch, FetchContent, FetchId, PathStep, ReadField,
    ReadTarget, Representation, RepresentationField, RepresentationValue, RootFields, Selection, SelectionId,
    copied,
};
pub use lifetime::Lifetime;
pub use shape::{
    ConcreteType, EnumId, LeafKind, Output, OutputValue, Shape, ShapeId, Slot, SlotId, TypeIndex, TypeSet,
    ValueType,
};
pub use tree::{IntrospectionField, OperationKind, PlanNode, QueryPlan};
