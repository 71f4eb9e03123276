//! The plan as a whole, and the order of its requests.

use octavo_index::IndexVec;

use crate::{
    Condition, ConditionId, DeferId, Deferred, EnumId, Fetch, FetchId, Selection, SelectionId, Shape,
    ShapeId, SlotId,
};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes, its root fields in series.
    Mutation,
    /// Follows a stream of events.
    Subscription,
}

/// How an operation is answered.
#[derive(Clone, Debug)]
pub struct QueryPlan {
    /// What the operation does.
    pub kind: OperationKind,
    /// The shape of the response's `data`.
    pub root: ShapeId,
    /// Every shape.
    pub shapes: IndexVec<ShapeId, Shape>,
    /// Every way in which an answer's object is read.
    pub selections: IndexVec<SelectionId, Selection>,
    /// Every request.
    pub fetches: IndexVec<FetchId, Fetch>,
    /// Every condition, so that each is evaluated once a request.
    pub conditions: IndexVec<ConditionId, Condition>,
    /// The accessible values of each enum that a slot can hold, sorted.
    pub enums: IndexVec<EnumId, Vec<Box<str>>>,
    /// The order of the requests, but for those of deferred parts alone; `None` when nothing needs to be asked.
    pub node: Option<PlanNode>,
    /// The parts of the response that may come after the first.
    pub deferred: IndexVec<DeferId, Deferred>,
}

/// A step of the plan.
#[derive(Clone, Debug)]
pub enum PlanNode {
    /// Sends one request.
    Fetch(FetchId),
    /// One after the other; an error does not stop the rest.
    Sequence(Vec<PlanNode>),
    /// All at once.
    Parallel(Vec<PlanNode>),
    /// Only if the condition holds.
    Condition {
        /// The condition.
        when: ConditionId,
        /// What is done.
        node: Box<PlanNode>,
    },
    /// `__schema` and `__type`, answered by the gateway itself.
    Introspection(Vec<IntrospectionField>),
}

/// One introspection field of the operation's root.
#[derive(Clone, Debug)]
pub struct IntrospectionField {
    /// Its key in the gateway's own answer, which is the client's response key.
    pub key: Box<str>,
    /// The root row's slot, of kind [`LeafKind::Any`](crate::LeafKind::Any).
    pub slot: SlotId,
}
