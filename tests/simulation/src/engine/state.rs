//! What a database holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lms_kit::{
    event::OutboxRow,
    inbox::{SequenceKey, SourceState},
    outbox::AggregateKey,
    saga::StepState,
};
use lms_sagas::saga::Saga;

/// The tables.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) heads: BTreeMap<AggregateKey, Head>,
    pub(crate) outbox: BTreeMap<(AggregateKey, i64), Waiting>,
    pub(crate) streams: BTreeMap<(String, SequenceKey), Stream>,
    pub(crate) inbox: BTreeMap<(String, SequenceKey, i64), Arrived>,
    pub(crate) sources: BTreeMap<(String, String), SourceState>,
    pub(crate) steps: BTreeMap<(String, String), StepState>,
    pub(crate) sagas: BTreeMap<String, Arc<Saga>>,
    /// What steps have done: how often, less how often it was undone.
    pub(crate) effects: BTreeMap<Effect, i64>,
    /// How often each of a service's own things has changed.
    pub(crate) things: BTreeMap<String, i64>,
    /// What a listener has heard of each sequence.
    pub(crate) heard: BTreeMap<SequenceKey, Heard>,
    /// Where a state was loaded in place of events: after which number, and up to which.
    pub(crate) transfers: BTreeSet<(SequenceKey, i64, i64)>,
}

/// The head of an aggregate's outbox.
#[derive(Clone, Default)]
pub(crate) struct Head {
    pub(crate) last_seq: i64,
    pub(crate) next_seq: i64,
    pub(crate) fence: i64,
    pub(crate) lease_until: i64,
    pub(crate) attempts: i64,
    pub(crate) stuck: bool,
    pub(crate) waiting_since: Option<i64>,
}

/// An event of the outbox.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) row: OutboxRow,
    pub(crate) recorded_at: i64,
}

/// A sequence that a consumer hears.
#[derive(Clone, Default)]
pub(crate) struct Stream {
    pub(crate) last_seq: i64,
    pub(crate) attempts: i64,
    pub(crate) next_try_at: i64,
    pub(crate) dead: Option<String>,
}

/// An event of the inbox.
#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) body: String,
    pub(crate) received_at: i64,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Effect {
    pub(crate) saga: String,
    pub(crate) operation: String,
    pub(crate) item: String,
}

/// What a listener has applied of a sequence.
#[derive(Default)]
pub(crate) struct Heard {
    /// The events' numbers, in its order.
    pub(crate) seqs: Vec<i64>,
    /// The state that the last of them had, in JSON.
    pub(crate) state: String,
}
