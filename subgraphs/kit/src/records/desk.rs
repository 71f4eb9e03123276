//! What waits, as one process knows it: read once from the records, and changed with each commit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{Records, Write};
use crate::{
    error::StoreError,
    inbox::{InboxBacklog, Received, SequenceKey},
};

/// What the keys of sequences begin with. No consumer's or source's name holds a space.
pub(super) const SEQUENCE: &str = "sequence ";
/// What the keys of events that wait begin with.
const EVENT: &str = "event ";

/// A consumer's sequence, as a part of keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) consumer: String,
    pub(super) sequence: SequenceKey,
}

impl Name {
    pub(super) fn of(consumer: &str, sequence: &SequenceKey) -> Self {
        Self { consumer: consumer.to_owned(), sequence: sequence.clone() }
    }

    /// The key of its record.
    pub(super) fn key(&self) -> String {
        format!("{SEQUENCE}{}", self.path())
    }

    /// The key of one of its events.
    pub(super) fn event_key(&self, seq: i64) -> String {
        format!("{EVENT}{}#{seq}", self.path())
    }

    fn path(&self) -> String {
        let Self { consumer, sequence: SequenceKey { source, stream } } = self;
        format!("{consumer} {source} {stream}")
    }

    fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.splitn(3, ' ').map(str::to_owned);
        let (consumer, source) = (parts.next()?, parts.next()?);
        Some(Self { consumer, sequence: SequenceKey { source, stream: parts.next()? } })
    }
}

/// Where a consumer's sequences of a source begin among the records.
pub(super) fn sequences_of(consumer: &str, source: &str) -> String {
    format!("{SEQUENCE}{consumer} {source} ")
}

/// Where the record is that says how far a source was loaded.
pub(super) fn source_key(consumer: &str, source: &str) -> String {
    format!("source {consumer} {source}")
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) event_id: String,
    pub(super) received_at: i64,
    pub(super) body: String,
}

impl Kept {
    pub(super) fn of(received: &Received, now_ms: i64) -> Self {
        let Received { event_id, body, .. } = received.clone();
        Self { event_id, received_at: now_ms, body }
    }
}

/// How far a sequence was applied, and what became of its next event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sequence {
    pub(super) last_seq: i64,
    pub(super) attempts: i64,
    pub(super) next_try_at: i64,
    pub(super) dead: Option<Dead>,
    pub(super) applied_at: i64,
    /// The numbers of the events that wait, and when they came: each is a record of its own.
    #[serde(skip)]
    pub(super) waiting: BTreeMap<i64, i64>,
}

/// Why the next event of a sequence cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dead {
    pub(super) reason: String,
    pub(super) since: i64,
}

impl Sequence {
    /// Since when its next event is there.
    pub(super) fn ready_since(&self) -> Option<i64> {
        self.waiting.get(&(self.last_seq + 1)).copied()
    }

    /// Since when later events wait for one that has not come.
    pub(super) fn parked_since(&self) -> Option<i64> {
        if self.ready_since().is_some() { None } else { self.waiting.values().min().copied() }
    }

    /// Since when its next event may be applied.
    pub(super) fn due_since(&self, now_ms: i64) -> Option<i64> {
        self.ready_since().filter(|_| self.dead.is_none() && self.next_try_at <= now_ms)
    }

    /// Whether its next event has this number, and is dead.
    pub(super) fn is_letter(&self, seq: i64) -> bool {
        self.dead.is_some() && self.last_seq == seq - 1
    }

    /// The numbers of its next events without a gap.
    pub(super) fn unbroken(&self, depth: u32) -> impl Iterator<Item = i64> {
        let next = (self.last_seq + 1..).zip(self.waiting.range(self.last_seq + 1..));
        let depth = usize::try_from(depth).unwrap_or(usize::MAX);
        next.take_while(|(due, (seq, _))| due == *seq).map(|(due, _)| due).take(depth)
    }

    /// Goes on after a number, and gives out the numbers of what it held up to it.
    pub(super) fn advance(&mut self, up_to: i64, now_ms: i64) -> Vec<i64> {
        let later = self.waiting.split_off(&(up_to + 1));
        let held = std::mem::replace(&mut self.waiting, later);
        *self = Self {
            last_seq: up_to,
            applied_at: now_ms,
            waiting: std::mem::take(&mut self.waiting),
            ..Self::default()
        };
        held.into_keys().collect()
    }

    /// Adds what waits in it to a backlog.
    pub(super) fn count(&self, backlog: &mut InboxBacklog, now_ms: i64) {
        let older = |known: Option<i64>, at: Option<i64>| known.max(at.map(|at| now_ms - at));
        backlog.events += i64::try_from(self.waiting.len()).unwrap_or(i64::MAX);
        backlog.oldest_ms = older(backlog.oldest_ms, self.waiting.values().min().copied());
        let parked = self.parked_since();
        backlog.parked += i64::from(parked.is_some());
        backlog.oldest_parked_ms = older(backlog.oldest_parked_ms, parked);
        backlog.dead += i64::from(self.dead.is_some());
    }
}

/// The sequences in which something waits. Others are looked up.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) is_read: bool,
    pub(super) open: BTreeMap<Name, Sequence>,
}

impl Desk {
    /// Reads what waits, unless that is known.
    pub(super) async fn read<R: Records>(&mut self, records: &R) -> Result<(), StoreError> {
        if self.is_read {
            return Ok(());
        }
        let mut waiting: BTreeMap<Name, BTreeMap<i64, i64>> = BTreeMap::new();
        for (key, text) in records.scan(EVENT).await? {
            let (name, seq) =
                of_event_key(&key).ok_or_else(|| StoreError::corrupt("key of an event", key.as_str()))?;
            waiting.entry(name).or_default().insert(seq, read::<Kept>(&text)?.received_at);
        }
        let keys: Vec<String> = waiting.keys().map(Name::key).collect();
        let known = records.get(&keys).await?;
        self.open.clear();
        for (name, waiting) in waiting {
            let sequence = known.get(&name.key()).map(|text| read::<Sequence>(text)).transpose()?;
            self.open.insert(name, Sequence { waiting, ..sequence.unwrap_or_default() });
        }
        self.is_read = true;
        Ok(())
    }
}

fn of_event_key(key: &str) -> Option<(Name, i64)> {
    let (path, seq) = key.strip_prefix(EVENT)?.rsplit_once('#')?;
    Some((Name::of_path(path)?, seq.parse().ok()?))
}

/// The sequence of a key, if it is one's.
pub(super) fn of_key(key: &str) -> Option<Name> {
    Name::of_path(key.strip_prefix(SEQUENCE)?)
}

/// What a record says.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::corrupt("record", source))
}

/// A record of something.
pub(super) fn put(key: String, what: &impl Serialize) -> Write {
    Write { key, text: Some(json!(what).to_string()) }
}

/// A record that is to go.
pub(super) fn remove(key: String) -> Write {
    Write { key, text: None }
}
