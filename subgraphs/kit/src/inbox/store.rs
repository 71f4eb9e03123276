//! What an engine keeps for a consumer: the port, and what goes through it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    bus::{MessageKind, Topic},
    error::StoreError,
    event::Envelope,
    migrate::hex,
    watch::Waiting,
};

/// How long it is remembered that a message to a service was applied, in ms: a month. Nothing is on its way for
/// so long. What was applied of an aggregate is remembered for ever.
pub(crate) const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How the sequence of something that cannot be read begins.
const UNREADABLE: &str = "unreadable/";

/// A sequence of events that a consumer hears.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SequenceKey {
    /// The service that says them.
    pub source: String,
    /// The sequence within it.
    pub stream: String,
}

impl SequenceKey {
    /// Whether it is that of something which could not be read; its source is the topic that this came by.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.stream.starts_with(UNREADABLE)
    }

    /// The sequence of an event's aggregate.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        Self { source: event.service().to_owned(), stream: event.stream() }
    }

    /// What kind of message it consists of.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self.stream.split('/').next() {
            Some("Command") => MessageKind::Commands,
            Some("Reply") => MessageKind::Replies,
            _ => MessageKind::Events,
        }
    }
}

/// An event as it is stored when it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its sequence.
    pub sequence: SequenceKey,
    /// Its number there.
    pub seq: i64,
    /// Its identifier.
    pub event_id: String,
    /// The event in JSON, or whatever has come in its place.
    pub body: String,
}

impl Received {
    /// An event, in the sequence of its aggregate.
    #[must_use]
    pub fn in_sequence(event: &Envelope, body: String) -> Self {
        Self { sequence: SequenceKey::of(event), seq: event.seq, event_id: event.id.clone(), body }
    }

    /// A command or a reply: a sequence of its own.
    #[must_use]
    pub fn alone(event: &Envelope, body: String) -> Self {
        let source = event.service().to_owned();
        let sequence = SequenceKey { source, stream: format!("{}/{}", event.data.aggregate, event.id) };
        Self { sequence, seq: 1, event_id: event.id.clone(), body }
    }

    /// What cannot be read: a sequence of its own, which becomes a dead letter when it is to be applied. The
    /// same bytes are the same letter.
    #[must_use]
    pub fn unreadable(topic: &str, bytes: &[u8]) -> Self {
        let event_id = hex(&Sha256::digest(bytes)[..16]);
        let sequence = SequenceKey { source: topic.to_owned(), stream: format!("{UNREADABLE}{event_id}") };
        // PostgreSQL's text holds no NUL.
        let body = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
        Self { sequence, seq: 1, event_id, body }
    }

    /// What became of a message that could not be read at first, and came by this topic.
    #[must_use]
    pub fn repaired(topic: &str, event: &Envelope, body: String) -> Self {
        match Topic::named(topic).kind() {
            MessageKind::Events => Self::in_sequence(event, body),
            MessageKind::Commands | MessageKind::Replies => Self::alone(event, body),
        }
    }
}

/// How much to take at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyLimits {
    /// Sequences.
    pub sequences: u32,
    /// Events of each.
    pub depth: u32,
}

/// A sequence whose next events can be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Which.
    pub sequence: SequenceKey,
    /// How often in a row its next event has failed.
    pub attempts: i64,
    /// Its next events, without a gap: number and JSON.
    pub events: Vec<(i64, String)>,
}

/// How far a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The number of its last event that was applied, 0 if none was.
    pub last_seq: i64,
    /// Whether something waits in it: what comes goes behind that.
    pub holds: bool,
}

/// A sequence that has been applied up to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which.
    pub sequence: SequenceKey,
    /// The number.
    pub up_to: i64,
}

/// A sequence that waits for an event which has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Which.
    pub sequence: SequenceKey,
    /// The last event that was applied.
    pub last_seq: i64,
}

/// How far a consumer has loaded a source's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Where the next page begins; `None` at the beginning.
    pub cursor: Option<String>,
    /// Whether all of it has been loaded.
    pub loaded: bool,
}

/// What waits in an inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxBacklog {
    /// Events that are stored and not applied.
    pub events: i64,
    /// How long the oldest of them has waited, in ms of the engine's clock.
    pub oldest_ms: Option<i64>,
    /// Sequences that wait for an event which has not come.
    pub parked: i64,
    /// How long the oldest of those has waited, in ms.
    pub oldest_parked_ms: Option<i64>,
    /// Dead letters.
    pub dead: i64,
}

/// Where a consumer keeps what has come. A transaction that is dropped has not happened.
#[async_trait]
pub trait InboxStore: Send + Sync + 'static {
    /// An open transaction, in which handlers write their effects.
    type Tx: Send;

    /// Stores events, those left out that were applied or stored before.
    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError>;

    /// Begins a transaction.
    async fn begin(&self) -> Result<Self::Tx, StoreError>;

    /// Makes a transaction so.
    async fn commit(&self, tx: Self::Tx) -> Result<(), StoreError>;

    /// Takes a transaction back: when this returns, what it held is free.
    async fn roll_back(&self, tx: Self::Tx) -> Result<(), StoreError>;

    /// Sequences whose next events have come and are due, those that wait longest first; they are this
    /// transaction's until it ends.
    async fn ready(
        &self,
        tx: &mut Self::Tx,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError>;

    /// How far these sequences are, those included that are new; they are this transaction's until it ends. What comes of
    /// one that is left out is not applied before it is stored.
    async fn standings(
        &self,
        tx: &mut Self::Tx,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError>;

    /// The number of the last event of a sequence that was applied, 0 if none was; the sequence is this
    /// transaction's until it ends.
    async fn last(&self, tx: &mut Self::Tx, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError>;

    /// The numbers of the last events of these sequences that were applied, without those of which none was; nobody is
    /// waited for, and they may be higher when this returns.
    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError>;

    /// Marks sequences as applied up to a number, and forgets what they held up to it.
    async fn advance(&self, tx: &mut Self::Tx, consumer: &str, done: &[Advance]) -> Result<(), StoreError>;

    /// Notes that the event `seq`, the next of its sequence, failed: it is due again after so many ms, or is
    /// a dead letter if none are given.
    async fn fail(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        reason: &str,
        retry_in_ms: Option<i64>,
    ) -> Result<(), StoreError>;

    /// Sequences that have waited longer than this (ms) for an event which has not come.
    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError>;

    /// How far the state of a source has been loaded.
    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError>;

    /// Notes how far the state of a source has been loaded, with what was loaded.
    async fn note_source(
        &self,
        tx: &mut Self::Tx,
        consumer: &str,
        source: &str,
        state: &SourceState,
    ) -> Result<(), StoreError>;

    /// What waits.
    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError>;

    /// What waits of each source and kind of message, those left out of which nothing does.
    async fn waiting(&self, consumer: &str) -> Result<Vec<Waiting>, StoreError>;

    /// The newest markers that were applied, one for each sequence of them: its stream, and its number.
    async fn markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError>;
}
