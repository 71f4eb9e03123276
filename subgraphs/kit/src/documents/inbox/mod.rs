//! The inbox in documents: `inbox_streams` has one a sequence, `inbox` one an event that is not applied yet.
//!
//! There is no transaction over several documents. A sequence is claimed by a lease and a fence in its document;
//! each effect carries its own mark in the document that it changes, so that applying it twice is applying it
//! once; only then is the sequence advanced, and what it held removed. A process that ends in between leaves a
//! sequence that is due again when its lease is over: its effects are found done, and its leftovers go.

mod backlog;
mod dead;
mod events;
mod stream;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::json;
use tokio::time::Instant;

use super::{
    ATTEMPTS, Collection, Document, Documents, Find, Index, KeyColumn, Match, Step, few::few_at_once,
};
use crate::{
    error::StoreError,
    inbox::{
        Advance, Gap, InboxBacklog, InboxStore, KEPT_MS, Ready, ReadyLimits, Received, SequenceKey,
        SourceState, Standing,
    },
    outbox,
    pace::Pace,
    page::Cursor,
    watch,
};
pub(crate) use backlog::stored;
use events::{EDGE, EVENTS, RECEIVED, Waiting};
use stream::{APPLIED, CONSUMER, DEAD, DUE, PARKED, STREAMS, Stream};

/// How far a consumer has loaded each source.
const SOURCES: Collection = Collection { name: "inbox_sources", keys: &[] };

/// What a service that listens needs of its database.
pub const INBOX_ROOM: &[Step] = &[
    Step::Collection(STREAMS),
    Step::Index("inbox_streams", index("inbox_streams_due", &[CONSUMER, DUE])),
    Step::Index("inbox_streams", index("inbox_streams_parked", &[CONSUMER, PARKED])),
    Step::Index("inbox_streams", index("inbox_streams_dead", &[DEAD])),
    Step::Index("inbox_streams", index("inbox_streams_applied", &[APPLIED])),
    Step::Collection(EVENTS),
    Step::Index("inbox", index("inbox_by_sequence", &[events::SEQUENCE, events::SEQ])),
    Step::Index("inbox", index("inbox_by_edge", &[EDGE, RECEIVED])),
    Step::Collection(SOURCES),
];

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: false }
}

/// How long a claim holds, in ms of the engine's clock.
const LEASE_MS: i64 = 10_000;
/// How many sequences the first transaction claims, and any one at most.
const AT_ONCE: (u32, u32) = (4, 32);
/// How many sequences are counted, or forgotten at once, at most.
const COUNTED: u32 = 10_000;
/// How often a sequence that another process has is asked for, and the pause in between.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(20));

/// The inbox of a service over documents.
#[derive(Clone)]
pub struct DocumentInbox {
    documents: Arc<dyn Documents>,
    lease_ms: i64,
    pace: Pace,
}

/// The sequences that are a process's until they are committed, rolled back, or their lease ends.
#[derive(Default)]
pub struct DocumentTx {
    claims: BTreeMap<String, Stream>,
    /// When sequences were asked for, and how many were claimed.
    asked: Option<(Instant, usize)>,
}

impl DocumentInbox {
    /// In these documents.
    #[must_use]
    pub fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents, lease_ms: LEASE_MS, pace: Pace::new(AT_ONCE.0, AT_ONCE.1) }
    }

    /// The same inbox, whose claims hold so long.
    #[must_use]
    pub fn with_lease(self, lease_ms: i64) -> Self {
        Self { lease_ms, ..self }
    }

    /// The sequences with these identifiers that are there.
    async fn streams(&self, ids: &[String]) -> Result<BTreeMap<String, Stream>, StoreError> {
        let found = self.documents.get(&STREAMS, ids).await?.into_iter().map(Stream::read);
        found.map(|read| read.map(|stream| (stream.id(), stream))).collect()
    }

    /// Stores each of these sequences, and not one after the other: each with whether nobody was faster.
    async fn put_each(&self, streams: Vec<Stream>) -> Result<Vec<(Stream, bool)>, StoreError> {
        let stored = streams.into_iter().map(|mut stream| async {
            let stored = self.put(&mut stream).await?;
            Ok((stream, stored))
        });
        few_at_once(stored.collect()).await
    }

    /// Stores a sequence as it is now; false if somebody was faster.
    async fn put(&self, stream: &mut Stream) -> Result<bool, StoreError> {
        let document = stream.document()?;
        let stored = if document.revision == 0 {
            self.documents.insert(&STREAMS, &document).await?
        } else {
            self.documents.swap(&STREAMS, &document).await?
        };
        stream.revision += i64::from(stored);
        Ok(stored)
    }

    /// Changes a sequence that is there; false if it is not, or `change` does not want to.
    async fn change(
        &self,
        id: &str,
        change: impl Fn(&mut Stream) -> bool + Send + Sync,
    ) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(mut stream) = self.streams(&[id.to_owned()]).await?.remove(id) else { return Ok(false) };
            if !change(&mut stream) {
                return Ok(false);
            }
            if self.put(&mut stream).await? {
                return Ok(true);
            }
        }
        Err(faster())
    }

    /// Notes in each of these sequences what waits in it.
    async fn note(&self, consumer: &str, keys: BTreeMap<String, SequenceKey>) -> Result<(), StoreError> {
        let mut open = keys;
        for _ in 0..ATTEMPTS {
            let ids: Vec<String> = open.keys().cloned().collect();
            let mut streams = self.streams(&ids).await?;
            for (id, key) in &open {
                streams.entry(id.clone()).or_insert_with(|| Stream::new(consumer, key));
            }
            let mut first = self.first_waiting(&streams).await?;
            let (mut new, mut changed) = (Vec::new(), Vec::new());
            for (id, mut stream) in streams {
                let is_changed = stream.wait_for(first.remove(&id).as_ref());
                if stream.revision == 0 {
                    new.push(stream.document()?);
                } else if is_changed {
                    changed.push(stream);
                }
            }
            let stored = self.put_each(changed).await?.into_iter();
            let mut again: Vec<String> =
                stored.filter(|(_, stored)| !stored).map(|(stream, _)| stream.id()).collect();
            if !new.is_empty() && self.documents.insert_missing(&STREAMS, &new).await? < new.len() {
                again.extend(new.into_iter().map(|document| document.id));
            }
            open.retain(|id, _| again.contains(id));
            if open.is_empty() {
                return Ok(());
            }
        }
        Err(faster())
    }

    /// Ends a transaction, and learns from how long it took.
    async fn end(&self, tx: DocumentTx) -> Result<(), StoreError> {
        let released = self.release(tx.claims).await;
        if let Some((at, claims)) = tx.asked {
            self.pace.learn(claims, at.elapsed(), self.lease_ms);
        }
        released
    }

    /// Gives claims up: what they have applied goes, what waits is noted, and others may have them.
    async fn release(&self, claims: BTreeMap<String, Stream>) -> Result<(), StoreError> {
        let mut open = claims;
        for _ in 0..ATTEMPTS {
            if open.is_empty() {
                return Ok(());
            }
            let mut first = self.first_waiting(&open).await?;
            let released = open.into_iter().map(|(id, mut stream)| {
                stream.wait_for(first.remove(&id).as_ref());
                stream.release();
                stream
            });
            let stored = self.put_each(released.collect()).await?.into_iter();
            let again: BTreeMap<String, i64> =
                stored.filter(|(_, stored)| !stored).map(|(stream, _)| (stream.id(), stream.fence)).collect();
            let ids: Vec<String> = again.keys().cloned().collect();
            open = if ids.is_empty() { BTreeMap::new() } else { self.streams(&ids).await? };
            open.retain(|id, newer| again.get(id) == Some(&newer.fence));
        }
        Err(faster())
    }

    /// Advances a claim that still stands.
    async fn advance_one(
        &self,
        mut stream: Stream,
        up_to: i64,
        now_ms: i64,
    ) -> Result<Option<Stream>, StoreError> {
        let (id, fence) = (stream.id(), stream.fence);
        for _ in 0..ATTEMPTS {
            stream.advance(up_to, now_ms);
            if self.put(&mut stream).await? {
                return Ok(Some(stream));
            }
            match self.streams(std::slice::from_ref(&id)).await?.remove(&id) {
                // Something has come in the meantime.
                Some(newer) if newer.fence == fence => stream = newer,
                _ => {
                    tracing::warn!(sequence = id, "a lease ended before what it was for");
                    return Ok(None);
                }
            }
        }
        Err(faster())
    }
}

#[async_trait]
impl InboxStore for DocumentInbox {
    type Tx = DocumentTx;

    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError> {
        let keys: BTreeMap<String, SequenceKey> = events
            .iter()
            .map(|event| (Stream::id_of(consumer, &event.sequence), event.sequence.clone()))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let known = self.streams(&keys.keys().cloned().collect::<Vec<_>>()).await?;
        let now_ms = self.documents.now_ms().await?;
        let is_new = |event: &&Received| {
            let stream = known.get(&Stream::id_of(consumer, &event.sequence));
            stream.is_none_or(|stream| event.seq > stream.last_seq)
        };
        let new: Vec<Document> =
            events.iter().filter(is_new).map(|event| events::document(consumer, event, now_ms)).collect();
        if !new.is_empty() {
            self.documents.insert_missing(&EVENTS, &new).await?;
        }
        self.note(consumer, keys).await
    }

    async fn begin(&self) -> Result<DocumentTx, StoreError> {
        Ok(DocumentTx::default())
    }

    async fn commit(&self, tx: DocumentTx) -> Result<(), StoreError> {
        self.end(tx).await
    }

    async fn roll_back(&self, tx: DocumentTx) -> Result<(), StoreError> {
        self.end(tx).await
    }

    async fn ready(
        &self,
        tx: &mut DocumentTx,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError> {
        let asked_at = Instant::now();
        let (now_ms, most) = (self.documents.now_ms().await?, limits.sequences.min(self.pace.at_once()));
        let due = of_consumer(consumer, DUE, most - 1, Some(now_ms));
        let mut free = Vec::new();
        for found in self.documents.find(&STREAMS, &due).await? {
            let mut stream = Stream::read(found)?;
            if stream.claim(now_ms, self.lease_ms) {
                free.push(stream);
            }
        }
        let claimed = self.put_each(free).await?.into_iter().filter(|(_, stored)| *stored);
        let claimed: BTreeMap<String, Stream> = claimed.map(|(stream, _)| (stream.id(), stream)).collect();
        tx.asked = Some((asked_at, claimed.len()));
        let mut waiting = self.waiting(claimed.keys(), limits.depth).await?;
        let (mut ready, mut nothing) = (Vec::new(), BTreeMap::new());
        for (id, stream) in claimed {
            let waiting = waiting.remove(&id).filter(|_| stream.may_be_tried(now_ms)).unwrap_or_default();
            let events = stream.next_of(waiting, limits.depth);
            if events.is_empty() {
                nothing.insert(id, stream);
                continue;
            }
            let sequence = stream.sequence();
            ready.push((stream.since(), Ready { sequence, attempts: stream.attempts, events }));
            tx.claims.insert(id, stream);
        }
        self.release(nothing).await?;
        ready.sort_by_key(|(since, _)| *since);
        Ok(ready.into_iter().map(|(_, ready)| ready).collect())
    }

    /// None: to claim a sequence costs as much as to store its event, and is for those whose events wait.
    async fn standings(
        &self,
        _: &mut DocumentTx,
        _: &str,
        _: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn last(&self, tx: &mut DocumentTx, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError> {
        let id = Stream::id_of(consumer, of);
        if let Some(stream) = tx.claims.get(&id) {
            return Ok(stream.last_seq);
        }
        let (times, length) = PATIENCE;
        for _ in 0..times {
            let now_ms = self.documents.now_ms().await?;
            let found = self.streams(std::slice::from_ref(&id)).await?.remove(&id);
            let mut stream = found.unwrap_or_else(|| Stream::new(consumer, of));
            if stream.claim(now_ms, self.lease_ms) && self.put(&mut stream).await? {
                let last_seq = stream.last_seq;
                tx.claims.insert(id, stream);
                return Ok(last_seq);
            }
            outbox::pause(length).await;
        }
        Err(StoreError::Away(format!("another process applies {}", of.stream).into()))
    }

    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError> {
        let ids: Vec<String> = of.iter().map(|sequence| Stream::id_of(consumer, sequence)).collect();
        let streams = self.streams(&ids).await?;
        Ok(streams.into_values().map(|stream| (stream.sequence(), stream.last_seq)).collect())
    }

    async fn advance(&self, tx: &mut DocumentTx, consumer: &str, done: &[Advance]) -> Result<(), StoreError> {
        let now_ms = self.documents.now_ms().await?;
        // Where one fails, all are still there to be released.
        let claims = done.iter().filter_map(|Advance { sequence, up_to }| {
            Some((tx.claims.get(&Stream::id_of(consumer, sequence))?.clone(), *up_to))
        });
        let advanced = claims.map(|(stream, up_to)| async move {
            let id = stream.id();
            Ok((id, self.advance_one(stream, up_to, now_ms).await?))
        });
        for (id, stream) in few_at_once(advanced.collect()).await? {
            match stream {
                Some(stream) => tx.claims.insert(id, stream),
                None => tx.claims.remove(&id),
            };
        }
        Ok(())
    }

    async fn fail(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        reason: &str,
        retry_in_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let now_ms = self.documents.now_ms().await?;
        let fail = |stream: &mut Stream| {
            let is_next = stream.last_seq == seq - 1;
            if is_next {
                stream.fail(reason, retry_in_ms, now_ms);
            }
            is_next
        };
        self.change(&Stream::id_of(consumer, sequence), fail).await.map(drop)
    }

    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError> {
        let before = self.documents.now_ms().await? - older_than_ms;
        let find = of_consumer(consumer, PARKED, most.saturating_sub(1), Some(before));
        let gap = |found| {
            let stream = Stream::read(found)?;
            Ok(Gap { sequence: stream.sequence(), last_seq: stream.last_seq })
        };
        self.documents.find(&STREAMS, &find).await?.into_iter().map(gap).collect()
    }

    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError> {
        let found = self.documents.get(&SOURCES, &[format!("{consumer} {source}")]).await?;
        let Some(found) = found.into_iter().next() else { return Ok(SourceState::default()) };
        let cursor = found.body["cursor"].as_str().map(str::to_owned);
        Ok(SourceState { cursor, loaded: found.body["loaded"] == true })
    }

    async fn note_source(
        &self,
        _: &mut DocumentTx,
        consumer: &str,
        source: &str,
        state: &SourceState,
    ) -> Result<(), StoreError> {
        let (id, body) =
            (format!("{consumer} {source}"), json!({ "cursor": state.cursor, "loaded": state.loaded }));
        for _ in 0..ATTEMPTS {
            let found = self.documents.get(&SOURCES, std::slice::from_ref(&id)).await?.into_iter().next();
            let revision = found.map_or(0, |found| found.revision);
            let document = Document { id: id.clone(), revision, keys: BTreeMap::new(), body: body.clone() };
            let stored = if revision == 0 {
                self.documents.insert(&SOURCES, &document).await?
            } else {
                self.documents.swap(&SOURCES, &document).await?
            };
            if stored {
                return Ok(());
            }
        }
        Err(faster())
    }

    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        self.whole_backlog(consumer).await
    }

    async fn waiting(&self, consumer: &str) -> Result<Vec<watch::Waiting>, StoreError> {
        self.waiting_by_source(consumer).await
    }

    async fn markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError> {
        self.applied_markers(consumer).await
    }
}

/// Forgets messages that were applied long ago.
pub(crate) async fn purge(documents: &dyn Documents) -> Result<(), StoreError> {
    let mut old = Find::first(APPLIED, COUNTED, Vec::new());
    old.window.before = Some(Cursor::new(documents.now_ms().await? - KEPT_MS, ""));
    let found = documents.find(&STREAMS, &old).await?;
    let ids: Vec<String> = found.into_iter().map(|found| found.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    documents.remove(&STREAMS, &ids).await
}

/// One consumer's entries in the order of a column, up to a value of it.
fn of_consumer(consumer: &str, order: &'static str, limit: u32, up_to: Option<i64>) -> Find {
    let mut find = Find::first(order, limit, vec![Match::Equals(CONSUMER, consumer.into())]);
    find.window.before = up_to.map(|up_to| Cursor::new(up_to.saturating_add(1), ""));
    find
}

fn faster() -> StoreError {
    StoreError::Away("others are faster".into())
}
