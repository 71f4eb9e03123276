//! `@defer` and `@stream`: parts of the response that come after the first.

use crate::{ConditionId, PlanNode, ShapeId, SlotId};

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
    /// The objects that the fragment or the list stands on. Each of them gets the part once.
    pub shapes: Vec<ShapeId>,
    /// The list whose further items the part is; `None`: it is a fragment.
    pub list: Option<StreamedList>,
    /// The requests that no part around it needs, once those around it have ended. For a list, those for its further items.
    pub node: Option<PlanNode>,
}

/// A list that comes in two parts (`@stream`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedList {
    /// Where it is, in each shape of the part.
    pub slots: Vec<SlotId>,
    /// How many items come with the part around it.
    pub first: Count,
}

/// How many items of a list come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Of(u32),
    /// The value of a variable, by its name. Less than none is none.
    Variable(Box<str>),
}
