//! `@defer`: parts of the response that come after the first.

use crate::{ConditionId, PlanNode, ShapeId};

octavo_index::define_ids! {
    /// Names a [`Deferred`] of one plan.
    DeferId
}

/// A part of the response that comes after the part around it
/// (<https://github.com/graphql/graphql-spec/pull/1110>).
#[derive(Clone, Debug)]
pub struct Deferred {
    /// The client's name for it.
    pub label: Option<Box<str>>,
    /// The part around it, which has a lower id; `None`: the first part.
    pub parent: Option<DeferId>,
    /// It is deferred if this holds. Otherwise it comes with the part around it.
    pub when: Option<ConditionId>,
    /// The objects that the fragment stands on. Each of them gets the part once.
    pub shapes: Vec<ShapeId>,
    /// The requests that no part around it needs, once those around it have ended.
    pub node: Option<PlanNode>,
}
