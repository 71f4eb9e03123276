//! The inbox in records: one a sequence that something has come to, and one an event that is not applied yet.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    Records, Write,
    desk::{Dead, Desk, Kept, Name, SEQUENCE, Sequence, of_key, put, read, remove, sequences_of, source_key},
};
use crate::{
    bus::MessageKind,
    error::StoreError,
    inbox::{
        Advance, Gap, InboxBacklog, InboxStore, KEPT_MS, MARKERS, Ready, ReadyLimits, Received, SequenceKey,
        SourceState, Standing,
    },
    sources::now_ms,
    watch::Waiting,
};

/// The inbox of a service over an engine of its own. Clones are one inbox.
pub struct RecordInbox<R> {
    pub(super) records: Arc<R>,
    desk: Arc<Mutex<Desk>>,
}

impl<R> Clone for RecordInbox<R> {
    fn clone(&self) -> Self {
        Self { records: Arc::clone(&self.records), desk: Arc::clone(&self.desk) }
    }
}

/// A transaction, of which there is one at a time: records, and what handlers want written beside them.
pub struct RecordTx<R: Records> {
    pub(super) desk: OwnedMutexGuard<Desk>,
    /// Sequences as they will be.
    changed: BTreeMap<Name, Sequence>,
    writes: Vec<Write>,
    /// What handlers want written.
    pub effects: R::Effects,
}

/// How far a source was loaded, as a record says it.
#[derive(Serialize, Deserialize)]
struct Loaded {
    cursor: Option<String>,
    loaded: bool,
}

impl<R: Records> RecordTx<R> {
    /// A sequence as it is now.
    pub(super) async fn sequence(&mut self, records: &R, name: &Name) -> Result<&mut Sequence, StoreError> {
        if !self.changed.contains_key(name) {
            let known = match self.desk.open.get(name) {
                Some(known) => known.clone(),
                None => looked_up(records, name).await?.unwrap_or_default(),
            };
            self.changed.insert(name.clone(), known);
        }
        Ok(self.changed.entry(name.clone()).or_default())
    }

    /// Looks up at once what will be needed of sequences, those included that are new.
    async fn foresee(&mut self, records: &R, names: &[Name]) -> Result<(), StoreError> {
        let unknown = |name: &&Name| !self.changed.contains_key(name) && !self.desk.open.contains_key(name);
        let unknown: BTreeMap<String, &Name> =
            names.iter().filter(unknown).map(|name| (name.key(), name)).collect();
        let found = records.get(&unknown.keys().cloned().collect::<Vec<_>>()).await?;
        for (key, name) in unknown {
            let known = found.get(&key).map(|text| read(text)).transpose()?;
            self.changed.insert(name.clone(), known.unwrap_or_default());
        }
        Ok(())
    }

    /// Writes the record of a sequence as it is now.
    pub(super) async fn keep(&mut self, records: &R, name: &Name) -> Result<(), StoreError> {
        let write = put(name.key(), self.sequence(records, name).await?);
        self.writes.push(write);
        Ok(())
    }

    pub(super) fn write(&mut self, write: Write) {
        self.writes.push(write);
    }
}

async fn looked_up<R: Records>(records: &R, name: &Name) -> Result<Option<Sequence>, StoreError> {
    let found = records.get(&[name.key()]).await?;
    found.values().next().map(|text| read(text)).transpose()
}

impl<R: Records> RecordInbox<R> {
    /// In these records.
    #[must_use]
    pub fn new(records: Arc<R>) -> Self {
        Self { records, desk: Arc::default() }
    }

    /// What waits, as it is now.
    async fn open(&self) -> Result<OwnedMutexGuard<Desk>, StoreError> {
        let mut desk = Arc::clone(&self.desk).lock_owned().await;
        desk.read(self.records.as_ref()).await?;
        Ok(desk)
    }

    /// The events that wait to be applied, in JSON.
    pub(super) async fn stored(&self) -> Result<Vec<String>, StoreError> {
        let desk = self.open().await?;
        let waiting = desk.open.iter();
        let keys =
            waiting.flat_map(|(name, sequence)| sequence.waiting.keys().map(|seq| name.event_key(*seq)));
        let events = self.records.get(&keys.collect::<Vec<_>>()).await?;
        events.values().map(|text| Ok(read::<Kept>(text)?.body)).collect()
    }

    /// Forgets messages that were applied long ago.
    pub(super) async fn purge(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let before = now_ms() - KEPT_MS;
        for (key, text) in self.records.scan(SEQUENCE).await? {
            let Some(name) = of_key(&key) else { continue };
            let is_message = name.sequence.kind() != MessageKind::Events;
            if is_message && !tx.desk.open.contains_key(&name) && read::<Sequence>(&text)?.applied_at < before
            {
                tx.write(remove(key));
            }
        }
        self.commit(tx).await
    }
}

#[async_trait]
impl<R: Records> InboxStore for RecordInbox<R> {
    type Tx = RecordTx<R>;

    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError> {
        let (mut tx, now_ms) = (self.begin().await?, now_ms());
        let names: Vec<Name> = events.iter().map(|event| Name::of(consumer, &event.sequence)).collect();
        tx.foresee(&self.records, &names).await?;
        for (name, event) in names.iter().zip(events) {
            let sequence = tx.sequence(&self.records, name).await?;
            if event.seq > sequence.last_seq && !sequence.waiting.contains_key(&event.seq) {
                sequence.waiting.insert(event.seq, now_ms);
                tx.write(put(name.event_key(event.seq), &Kept::of(event, now_ms)));
            }
        }
        self.commit(tx).await
    }

    async fn begin(&self) -> Result<RecordTx<R>, StoreError> {
        let desk = self.open().await?;
        Ok(RecordTx { desk, changed: BTreeMap::new(), writes: Vec::new(), effects: R::Effects::default() })
    }

    /// Goes on to its end even if nobody waits for it any more, so that what is known is what was written.
    async fn commit(&self, tx: RecordTx<R>) -> Result<(), StoreError> {
        let records = Arc::clone(&self.records);
        let RecordTx { mut desk, changed, writes, effects } = tx;
        if writes.is_empty() {
            return Ok(());
        }
        let committing = tokio::spawn(async move {
            // What a failed commit has left is read anew.
            desk.is_read = false;
            records.commit(&writes, effects).await?;
            for (name, sequence) in changed {
                if sequence.waiting.is_empty() {
                    desk.open.remove(&name);
                } else {
                    desk.open.insert(name, sequence);
                }
            }
            desk.is_read = true;
            Ok(())
        });
        committing.await.map_err(|ended| StoreError::Away(ended.into()))?
    }

    async fn roll_back(&self, tx: RecordTx<R>) -> Result<(), StoreError> {
        drop(tx);
        Ok(())
    }

    async fn ready(
        &self,
        tx: &mut RecordTx<R>,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError> {
        let now_ms = now_ms();
        let of_consumer = tx.desk.open.iter().filter(|(name, _)| name.consumer == consumer);
        let mut due: Vec<_> = of_consumer
            .filter_map(|(name, sequence)| Some((sequence.due_since(now_ms)?, name, sequence)))
            .collect();
        due.sort_by_key(|(since, name, _)| (*since, *name));
        due.truncate(usize::try_from(limits.sequences).unwrap_or(usize::MAX));
        let keys: Vec<String> = due
            .iter()
            .flat_map(|(_, name, sequence)| sequence.unbroken(limits.depth).map(|seq| name.event_key(seq)))
            .collect();
        let bodies = self.records.get(&keys).await?;
        let mut ready = Vec::with_capacity(due.len());
        for (_, name, sequence) in due {
            let mut events = Vec::new();
            for seq in sequence.unbroken(limits.depth) {
                let text = bodies.get(&name.event_key(seq));
                let text = text.ok_or_else(|| StoreError::corrupt("event", "its record is not there"))?;
                events.push((seq, read::<Kept>(text)?.body));
            }
            ready.push(Ready { sequence: name.sequence.clone(), attempts: sequence.attempts, events });
        }
        Ok(ready)
    }

    async fn standings(
        &self,
        tx: &mut RecordTx<R>,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
        let names: Vec<Name> = of.iter().map(|sequence| Name::of(consumer, sequence)).collect();
        tx.foresee(&self.records, &names).await?;
        let mut standings = BTreeMap::new();
        for (name, key) in names.iter().zip(of) {
            let sequence = tx.sequence(&self.records, name).await?;
            let standing = Standing { last_seq: sequence.last_seq, holds: !sequence.waiting.is_empty() };
            standings.insert(key.clone(), standing);
        }
        Ok(standings)
    }

    async fn last(&self, tx: &mut RecordTx<R>, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError> {
        Ok(tx.sequence(&self.records, &Name::of(consumer, of)).await?.last_seq)
    }

    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError> {
        let mut tx = self.begin().await?;
        let standings = self.standings(&mut tx, consumer, of).await?;
        Ok(standings.into_iter().map(|(sequence, standing)| (sequence, standing.last_seq)).collect())
    }

    async fn advance(
        &self,
        tx: &mut RecordTx<R>,
        consumer: &str,
        done: &[Advance],
    ) -> Result<(), StoreError> {
        let now_ms = now_ms();
        for Advance { sequence, up_to } in done {
            let name = Name::of(consumer, sequence);
            for seq in tx.sequence(&self.records, &name).await?.advance(*up_to, now_ms) {
                tx.write(remove(name.event_key(seq)));
            }
            tx.keep(&self.records, &name).await?;
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
        let (mut tx, now_ms, name) = (self.begin().await?, now_ms(), Name::of(consumer, sequence));
        let sequence = tx.sequence(&self.records, &name).await?;
        if sequence.last_seq != seq - 1 {
            return Ok(());
        }
        sequence.attempts += 1;
        sequence.next_try_at = now_ms + retry_in_ms.unwrap_or_default();
        sequence.dead = retry_in_ms.is_none().then(|| Dead { reason: reason.to_owned(), since: now_ms });
        tx.keep(&self.records, &name).await?;
        self.commit(tx).await
    }

    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError> {
        let (desk, before) = (self.open().await?, now_ms() - older_than_ms);
        let mut parked: Vec<_> = (desk.open.iter())
            .filter(|(name, _)| name.consumer == consumer)
            .filter_map(|(name, sequence)| Some((sequence.parked_since()?, name, sequence.last_seq)))
            .filter(|(since, ..)| *since <= before)
            .collect();
        parked.sort();
        let gap = |(_, name, last_seq): (i64, &Name, i64)| Gap { sequence: name.sequence.clone(), last_seq };
        Ok(parked.into_iter().take(usize::try_from(most).unwrap_or(usize::MAX)).map(gap).collect())
    }

    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError> {
        let found = self.records.get(&[source_key(consumer, source)]).await?;
        let Some(text) = found.values().next() else { return Ok(SourceState::default()) };
        let Loaded { cursor, loaded } = read(text)?;
        Ok(SourceState { cursor, loaded })
    }

    async fn note_source(
        &self,
        tx: &mut RecordTx<R>,
        consumer: &str,
        source: &str,
        state: &SourceState,
    ) -> Result<(), StoreError> {
        let loaded = Loaded { cursor: state.cursor.clone(), loaded: state.loaded };
        tx.write(put(source_key(consumer, source), &loaded));
        Ok(())
    }

    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        let (desk, now_ms, mut backlog) = (self.open().await?, now_ms(), InboxBacklog::default());
        for (_, sequence) in waiting_of(&desk, consumer) {
            sequence.count(&mut backlog, now_ms);
        }
        Ok(backlog)
    }

    async fn waiting(&self, consumer: &str) -> Result<Vec<Waiting>, StoreError> {
        let (desk, now_ms) = (self.open().await?, now_ms());
        let mut of: BTreeMap<(String, MessageKind), InboxBacklog> = BTreeMap::new();
        for (name, sequence) in waiting_of(&desk, consumer) {
            let way = (name.sequence.source.clone(), name.sequence.kind());
            sequence.count(of.entry(way).or_default(), now_ms);
        }
        Ok(of.into_iter().map(|((source, kind), backlog)| Waiting { source, kind, backlog }).collect())
    }

    async fn markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError> {
        let found = self.records.scan(&sequences_of(consumer, MARKERS)).await?;
        let mut markers = Vec::with_capacity(found.len());
        for (key, text) in found {
            let Some(name) = of_key(&key) else { continue };
            markers.push((name.sequence.stream, read::<Sequence>(&text)?.last_seq));
        }
        Ok(markers)
    }
}

/// Of a consumer's sequences, those in which something waits that is no marker.
fn waiting_of<'d>(desk: &'d Desk, consumer: &str) -> impl Iterator<Item = (&'d Name, &'d Sequence)> {
    desk.open.iter().filter(move |(name, _)| name.consumer == consumer && name.sequence.source != MARKERS)
}
