//! A sequence as a document: how far it was applied, what waits in it, and whose it is until when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Collection, Document, KeyColumn, events::Waiting};
use crate::{bus::MessageKind, documents::Found, error::StoreError, inbox::SequenceKey};

/// Sequences by consumer, source and name.
pub(super) const STREAMS: Collection = Collection {
    name: "inbox_streams",
    keys: &[
        KeyColumn::text(CONSUMER),
        KeyColumn::integer(DUE),
        KeyColumn::integer(PARKED),
        KeyColumn::integer(DEAD),
        KeyColumn::integer(APPLIED),
    ],
};

pub(super) const CONSUMER: &str = "consumer";
/// From when on somebody may have it, to apply what is next or to put in order what a claim has left.
pub(super) const DUE: &str = "dueAt";
/// Since when later events wait for one that has not come.
pub(super) const PARKED: &str = "parkedSince";
/// Since when its next event cannot be applied.
pub(super) const DEAD: &str = "deadSince";
/// When a message was applied, after which nothing comes; NULL in sequences of events, which go on.
pub(super) const APPLIED: &str = "appliedAt";

/// A consumer's sequence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stream {
    /// The revision that it was read at; 0 where it is not stored yet.
    #[serde(skip)]
    pub(super) revision: i64,
    pub(super) consumer: String,
    source: String,
    name: String,
    /// The last event that was applied.
    pub(super) last_seq: i64,
    waits: Waits,
    /// How often in a row its next event has failed.
    pub(super) attempts: i64,
    next_try_at: i64,
    /// Until when it is somebody's; 0 where it is nobody's.
    lease_until: i64,
    /// Grows with each claim.
    pub(super) fence: i64,
    pub(super) dead: Option<Dead>,
    applied_at: Option<i64>,
}

/// What a sequence waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Waits {
    /// For what will be said next.
    Nothing,
    /// For its next event to be applied, since it came.
    Ready(i64),
    /// For its next event to come, since a later one came.
    Parked(i64),
}

/// Why the next event of a sequence cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dead {
    pub(super) reason: String,
    pub(super) since: i64,
}

impl Stream {
    /// No consumer's or source's name holds a space.
    pub(super) fn id_of(consumer: &str, key: &SequenceKey) -> String {
        format!("{consumer} {} {}", key.source, key.stream)
    }

    /// A sequence of which nothing has come.
    pub(super) fn new(consumer: &str, key: &SequenceKey) -> Self {
        Self {
            revision: 0,
            consumer: consumer.to_owned(),
            source: key.source.clone(),
            name: key.stream.clone(),
            last_seq: 0,
            waits: Waits::Nothing,
            attempts: 0,
            next_try_at: 0,
            lease_until: 0,
            fence: 0,
            dead: None,
            applied_at: None,
        }
    }

    pub(super) fn read(found: Found) -> Result<Self, StoreError> {
        let read = serde_json::from_value::<Self>(found.body);
        let stream = read.map_err(|source| StoreError::corrupt("inbox sequence", source))?;
        Ok(Self { revision: found.revision, ..stream })
    }

    pub(super) fn id(&self) -> String {
        Self::id_of(&self.consumer, &self.sequence())
    }

    pub(super) fn sequence(&self) -> SequenceKey {
        SequenceKey { source: self.source.clone(), stream: self.name.clone() }
    }

    /// Since when something has waited.
    pub(super) fn since(&self) -> Option<i64> {
        match self.waits {
            Waits::Nothing => None,
            Waits::Ready(since) | Waits::Parked(since) => Some(since),
        }
    }

    /// Makes it this process's, if it is nobody's.
    pub(super) fn claim(&mut self, now_ms: i64, lease_ms: i64) -> bool {
        let free = self.lease_until <= now_ms;
        if free {
            self.fence += 1;
            self.lease_until = now_ms + lease_ms;
        }
        free
    }

    pub(super) fn release(&mut self) {
        self.lease_until = 0;
    }

    /// Notes what waits first in it; whether that is new.
    pub(super) fn wait_for(&mut self, first: Option<&Waiting>) -> bool {
        let waits = match first {
            None => Waits::Nothing,
            Some(event) if event.seq == self.last_seq + 1 => Waits::Ready(event.received_at),
            Some(event) => Waits::Parked(event.received_at),
        };
        std::mem::replace(&mut self.waits, waits) != waits
    }

    /// Notes that it was applied up to a number. Its lease stays, so that what it held is removed.
    pub(super) fn advance(&mut self, up_to: i64, now_ms: i64) {
        (self.last_seq, self.attempts, self.next_try_at, self.dead) = (up_to, 0, 0, None);
        self.applied_at = Some(now_ms);
    }

    /// Notes that its next event failed.
    pub(super) fn fail(&mut self, reason: &str, retry_in_ms: Option<i64>, now_ms: i64) {
        self.attempts += 1;
        self.next_try_at = now_ms + retry_in_ms.unwrap_or_default();
        self.dead = retry_in_ms.is_none().then(|| Dead { reason: reason.to_owned(), since: now_ms });
    }

    /// Whether its next event has this number, and is dead.
    pub(super) fn is_letter(&self, seq: i64) -> bool {
        self.dead.is_some() && self.last_seq == seq - 1
    }

    /// Lets its next event be tried again.
    pub(super) fn revive(&mut self) {
        (self.dead, self.attempts, self.next_try_at) = (None, 0, 0);
    }

    /// Whether its next event may be applied, if it is there: a claim that was not released is due before that.
    pub(super) fn may_be_tried(&self, now_ms: i64) -> bool {
        self.dead.is_none() && self.next_try_at <= now_ms
    }

    /// Its next events without a gap, `depth` of them at most.
    pub(super) fn next_of(&self, waiting: Vec<Waiting>, depth: u32) -> Vec<(i64, String)> {
        let waiting = waiting.into_iter().filter(|event| event.seq > self.last_seq);
        let unbroken = (self.last_seq + 1..).zip(waiting).take_while(|(due, event)| *due == event.seq);
        let depth = usize::try_from(depth).unwrap_or(usize::MAX);
        unbroken.take(depth).map(|(seq, event)| (seq, event.body)).collect()
    }

    fn due_at(&self) -> Option<i64> {
        match self.waits {
            // A claim that was not released is to be put in order.
            _ if self.dead.is_some() || self.lease_until > 0 => Some(self.lease_until).filter(|&at| at > 0),
            Waits::Ready(since) => Some(since.max(self.next_try_at)),
            Waits::Nothing | Waits::Parked(_) => None,
        }
    }

    pub(super) fn document(&self) -> Result<Document, StoreError> {
        let parked = if let Waits::Parked(since) = self.waits { Some(since) } else { None };
        let is_message = self.sequence().kind() != MessageKind::Events;
        let is_over = self.due_at().is_none() && self.waits == Waits::Nothing && is_message;
        let keys = BTreeMap::from([
            (CONSUMER, self.consumer.as_str().into()),
            (DUE, self.due_at().into()),
            (PARKED, parked.into()),
            (DEAD, self.dead.as_ref().map(|dead| dead.since).into()),
            (APPLIED, self.applied_at.filter(|_| is_over).into()),
        ]);
        let body =
            serde_json::to_value(self).map_err(|source| StoreError::corrupt("inbox sequence", source))?;
        Ok(Document { id: self.id(), revision: self.revision, keys, body })
    }
}
