//! The envelope of an aggregate: its state, its pending events, and the marks of what was done to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Collection, Document, Found,
    step_marks::{StepMark, StepMarks},
};
use crate::{
    StoreError,
    bus::Topic,
    changes::place,
    error::Cause,
    event::{Envelope, Event, OutboxRow},
    idempotency::{Command, KEPT_MS},
    migrate::hex,
    outbox::{AggregateKey, Claim, ClaimOptions, Failure, Settlement},
    page::SortKey,
    problem::{Problem, Refusal},
    saga::StepState,
};

/// How many events may wait in one document before it refuses to change.
pub const OUTBOX_LIMIT: usize = 32;
/// How many commands of a day one document remembers before it refuses to change under another key.
pub const MARK_LIMIT: usize = 128;
/// How many bytes of results, the newest first, are kept whole beside them; a command whose result is not is
/// answered with the state as it is now.
const WHOLE_BYTES: usize = 4 * 1024;
/// How long a document remembers how far it has heard a sequence, in ms: a month. No replica sleeps for so long over
/// an event, and whoever is awake goes by the inbox.
const HEARD_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How soon a full outbox is worth another try, in seconds.
const FULL_RETRY_AFTER: i32 = 1;

/// The key column, in every collection of aggregates, that says since when (ms) events have waited in a
/// document; NULL when none does.
pub const WAITING: &str = "waitingSince";
/// [`WAITING`] of a document that no relay can empty: behind all others, until it is looked at again.
pub(super) const SET_ASIDE: i64 = i64::MAX;

/// What a service keeps as one document.
pub trait State: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where it is kept; its key columns include [`WAITING`].
    const COLLECTION: &'static Collection;
    /// Whether others hear of it: its latest event is state for whoever is new.
    const TOLD: bool = true;

    /// The version of its form. Documents of an older one are upgraded when they are read, and stored so when they are
    /// written, or by and by in the background.
    const SCHEMA: u32 = 1;

    /// Brings a state of an older form to this one.
    fn upgrade(state: Value, _from: u32) -> Value {
        state
    }

    /// Its identifier.
    fn id(&self) -> &str;

    /// The values of its key columns but [`WAITING`]; what is left out is NULL.
    fn keys(&self) -> BTreeMap<&'static str, SortKey>;

    /// Whether what is personal has gone from it: then the marks of commands go as well, which hold what it was.
    fn is_erased(&self) -> bool {
        false
    }
}

/// A state with its pending events and its marks: what one atomic write stores.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aggregate<S> {
    /// The revision that it was read at.
    #[serde(skip)]
    revision: i64,
    /// The version of its state's form.
    #[serde(default = "first_schema", skip_serializing_if = "is_first")]
    schema: u32,
    /// The number of its latest event.
    seq: i64,
    /// Its events that have not left, by number.
    outbox: Vec<OutboxRow>,
    /// Its latest event, which stays when it has left.
    #[serde(default)]
    latest: Option<OutboxRow>,
    /// Who sends its events.
    #[serde(default)]
    relay: RelayMark,
    /// The commands of the last day, the oldest first.
    marks: Vec<Mark>,
    /// What became of its latest steps.
    #[serde(default, skip_serializing_if = "StepMarks::is_empty")]
    steps: StepMarks,
    /// How far it has heard each sequence of events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heard: Vec<HeardMark>,
    /// What the service keeps.
    pub state: S,
}

/// What the relay knows of the aggregate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct RelayMark {
    /// Grows with each claim.
    fence: i64,
    /// Until when the claim holds, by the engine's clock in ms.
    lease_until: i64,
    /// How often in a row sending has failed.
    attempts: i64,
    /// Why the first event can never be sent.
    stuck: Option<String>,
}

/// A command that changed the aggregate, in few bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mark {
    /// A digest of caller, mutation and key.
    #[serde(rename = "c")]
    call: String,
    /// The digest of the input.
    #[serde(rename = "i")]
    input: String,
    /// The state that it made, in JSON, while it is kept whole.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(rename = "e")]
    expires_at: i64,
}

/// How far a sequence of another service's events has changed the aggregate.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct HeardMark {
    #[serde(rename = "q")]
    sequence: String,
    #[serde(rename = "n")]
    seq: i64,
    /// When, in ms.
    #[serde(rename = "a")]
    at: i64,
}

/// The version of the form of a document's state.
pub(super) fn schema_of(body: &Value) -> u32 {
    body["schema"].as_u64().and_then(|schema| u32::try_from(schema).ok()).unwrap_or_else(first_schema)
}

fn first_schema() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(schema: &u32) -> bool {
    *schema == first_schema()
}

/// What tells one call of a mutation from another.
fn digest(command: &Command) -> String {
    let parts = (&command.caller, command.mutation, &command.key);
    let whole = Sha256::digest(serde_json::json!(parts).to_string());
    hex(&whole[..16])
}

impl<S: State> Aggregate<S> {
    /// An aggregate that is not stored yet.
    pub fn new(state: S) -> Self {
        Self {
            revision: 0,
            schema: S::SCHEMA,
            seq: 0,
            outbox: Vec::new(),
            latest: None,
            relay: RelayMark::default(),
            marks: Vec::new(),
            steps: StepMarks::default(),
            heard: Vec::new(),
            state,
        }
    }

    /// The aggregate that was read, in the form of now.
    pub fn read(found: Found) -> Result<Self, StoreError> {
        let Found { id, revision, mut body } = found;
        let corrupt = |source: Cause| StoreError::corrupt(S::COLLECTION.name, source);
        let from = schema_of(&body);
        if from > S::SCHEMA {
            let known = S::SCHEMA;
            return Err(corrupt(format!("{id} has schema {from}, and this program knows {known}").into()));
        }
        if from < S::SCHEMA
            && let Some(state) = body.get_mut("state")
        {
            *state = S::upgrade(state.take(), from);
        }
        let mut aggregate: Self = serde_json::from_value(body).map_err(|source| corrupt(source.into()))?;
        if from < S::SCHEMA {
            // What commands came to is told as it is now: it was kept in the old form.
            aggregate.marks.iter_mut().for_each(|mark| mark.result = None);
        }
        Ok(Self { revision, schema: S::SCHEMA, ..aggregate })
    }

    /// What the command made of the aggregate when it was given before, if it was.
    pub fn replayed(&self, command: &Command) -> Result<Option<S>, Refusal> {
        let call = digest(command);
        let live = |mark: &&Mark| mark.call == call && mark.expires_at > command.now_ms;
        let Some(mark) = self.marks.iter().find(live) else { return Ok(None) };
        if mark.input != command.input_hash {
            return Err(Problem::idempotency_mismatch().into());
        }
        let Some(result) = &mark.result else { return Ok(Some(self.state.clone())) };
        let state = serde_json::from_str(result);
        Ok(Some(state.map_err(|source| StoreError::corrupt(S::COLLECTION.name, source))?))
    }

    /// Changes the state, and notes the event and the result; refused while too much waits in the document.
    pub fn change(&mut self, state: S, event: &Event, command: &Command) -> Result<(), Refusal> {
        let call = digest(command);
        self.marks.retain(|mark| mark.expires_at > command.now_ms && mark.call != call);
        if self.outbox.len() >= OUTBOX_LIMIT || self.marks.len() >= MARK_LIMIT {
            return Err(Problem::unavailable(FULL_RETRY_AFTER).into());
        }
        self.record(state, event, command);
        let result = serde_json::to_string(&self.state);
        let result = result.map_err(|source| StoreError::corrupt(S::COLLECTION.name, source))?;
        self.marks.push(Mark {
            call,
            input: command.input_hash.clone(),
            result: Some(result),
            expires_at: command.now_ms + KEPT_MS,
        });
        self.forget_older_results();
        Ok(())
    }

    fn forget_older_results(&mut self) {
        let mut bytes = 0;
        for mark in self.marks.iter_mut().rev() {
            bytes += mark.result.as_ref().map_or(0, String::len);
            if bytes > WHOLE_BYTES {
                mark.result = None;
            }
        }
    }

    /// Changes the state and notes the event, for a caller that keeps no mark and sees to the outbox's limit.
    pub fn record(&mut self, state: S, event: &Event, command: &Command) {
        self.seq += 1;
        let row = OutboxRow::new(event, self.seq, command);
        self.latest = Some(row.clone());
        self.outbox.push(row);
        self.state = state;
    }

    /// Whether so many more messages may wait in it.
    pub(crate) fn has_room(&self, messages: usize) -> bool {
        self.outbox.len() + messages <= OUTBOX_LIMIT
    }

    /// Notes a message that is none of its events: it has no number among them, and is no state.
    pub(crate) fn send(&mut self, message: &Event, topic: &Topic, command: &Command) {
        self.outbox.push(OutboxRow::new(message, 1, command).to(topic));
    }

    /// What became of a step, as far as it is noted here.
    pub(crate) fn step(&self, id: &str) -> Option<&StepState> {
        self.steps.state(id)
    }

    /// Notes what became of a step.
    pub(crate) fn note_step(&mut self, mark: StepMark) {
        self.steps.note(mark);
    }

    /// Gives up the oldest notes of steps that are too many for one document.
    pub(crate) fn give_up_steps(&mut self) -> Vec<StepMark> {
        self.steps.give_up()
    }

    /// Notes that an event is applied; false if it, or a later one of its sequence, was before.
    pub(super) fn hear(&mut self, event: &Envelope, now_ms: i64) -> bool {
        let sequence = place(event.service(), &event.stream());
        if self.heard.iter().any(|mark| mark.sequence == sequence && mark.seq >= event.seq) {
            return false;
        }
        self.heard.retain(|mark| mark.sequence != sequence && mark.at > now_ms - HEARD_MS);
        self.heard.push(HeardMark { sequence, seq: event.seq, at: now_ms });
        true
    }

    /// Whether it is stored.
    pub(crate) fn is_stored(&self) -> bool {
        self.revision > 0
    }

    /// The events that have not left.
    pub fn outbox(&self) -> &[OutboxRow] {
        &self.outbox
    }

    /// Keeps what it has said last, where only the archive has.
    pub(super) fn keep_latest(&mut self, last: OutboxRow) {
        self.latest.get_or_insert(last);
    }

    /// Its latest event.
    pub(super) fn latest(&self) -> Option<&OutboxRow> {
        self.latest.as_ref()
    }

    /// Claims its events for a relay, if something waits and nobody else has them.
    pub(super) fn claim(&mut self, now_ms: i64, options: ClaimOptions) -> Option<Claim> {
        if self.outbox.is_empty() || self.relay.stuck.is_some() || self.relay.lease_until > now_ms {
            return None;
        }
        self.relay.fence += 1;
        self.relay.lease_until = now_ms + options.lease_ms;
        let depth = usize::try_from(options.depth).unwrap_or(usize::MAX);
        Some(Claim {
            aggregate: AggregateKey {
                aggregate_type: S::COLLECTION.name.to_owned(),
                id: self.state.id().to_owned(),
            },
            fence: self.relay.fence,
            attempts: self.relay.attempts,
            events: self.outbox.iter().take(depth).cloned().collect(),
        })
    }

    /// The first events, which have left under a claim that still stands.
    pub(super) fn sent(&self, settlement: &Settlement) -> Option<&[OutboxRow]> {
        (self.relay.fence == settlement.fence).then(|| &self.outbox[..settlement.sent.min(self.outbox.len())])
    }

    /// Ends a claim that still stands: what has left goes.
    pub(super) fn settle(&mut self, settlement: &Settlement, now_ms: i64) {
        self.outbox.drain(..settlement.sent.min(self.outbox.len()));
        let again = if settlement.sent == 0 { self.relay.attempts + 1 } else { 1 };
        let (pause, attempts, stuck) = match &settlement.failure {
            None => (0, 0, None),
            Some(Failure::Passing { retry_in_ms }) => (*retry_in_ms, again, None),
            Some(Failure::Stuck { reason }) => (0, again, Some(reason.clone())),
        };
        self.relay = RelayMark { fence: self.relay.fence, lease_until: now_ms + pause, attempts, stuck };
    }

    /// Lets a relay try what could not be sent.
    pub(super) fn reconsider(&mut self) {
        self.relay = RelayMark { fence: self.relay.fence, ..RelayMark::default() };
    }

    /// Whether its first event can never be sent.
    pub(super) fn is_stuck(&self) -> bool {
        self.relay.stuck.is_some()
    }

    /// The same aggregate once its document has been written.
    pub(super) fn written(mut self) -> Self {
        self.revision += 1;
        self
    }

    /// The document to write.
    pub fn document(&self) -> Result<Document, StoreError> {
        let mut keys = self.state.keys();
        let since = |event: &OutboxRow| if self.is_stuck() { SET_ASIDE } else { event.created_at };
        keys.insert(WAITING, self.outbox.first().map(since).into());
        let body = serde_json::to_value(self);
        let mut body = body.map_err(|source| StoreError::corrupt(S::COLLECTION.name, source))?;
        if self.state.is_erased() {
            body["marks"] = json!([]);
        }
        Ok(Document { id: self.state.id().to_owned(), revision: self.revision, keys, body })
    }
}
