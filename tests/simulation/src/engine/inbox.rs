//! The inbox.

use std::collections::BTreeMap;

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    inbox::{
        Advance, Gap, InboxBacklog, InboxStore, Ready, ReadyLimits, Received, SequenceKey, SourceState,
        Standing,
    },
    watch::Waiting,
};

use super::{
    Database, MemoryTx, State,
    state::{Arrived, Stream},
};

#[async_trait]
impl InboxStore for Database {
    type Tx = MemoryTx;

    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError> {
        let mut tx = self.open().await?;
        let now = tx.now();
        for event in events {
            let key = (consumer.to_owned(), event.sequence.clone());
            if !tx.state.streams.contains_key(&key) {
                tx.put(|state| &mut state.streams, key.clone(), Stream::default());
            }
            let last_seq = tx.state.streams[&key].last_seq;
            let row = (key.0, key.1, event.seq);
            if event.seq > last_seq && !tx.state.inbox.contains_key(&row) {
                tx.put(|state| &mut state.inbox, row, Arrived { body: event.body.clone(), received_at: now });
            }
        }
        tx.make_so().await
    }

    async fn roll_back(&self, tx: MemoryTx) -> Result<(), StoreError> {
        drop(tx);
        Ok(())
    }

    async fn begin(&self) -> Result<MemoryTx, StoreError> {
        self.open().await
    }

    async fn commit(&self, tx: MemoryTx) -> Result<(), StoreError> {
        tx.make_so().await
    }

    async fn ready(
        &self,
        tx: &mut MemoryTx,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError> {
        tx.pause("ready").await?;
        let now = tx.now();
        let mut ready: Vec<_> = sequences(&tx.state, consumer)
            .into_iter()
            .filter_map(|(sequence, rows)| {
                let stream = stream(&tx.state, consumer, sequence)?;
                let first = rows.first().filter(|(seq, _)| *seq == stream.last_seq + 1)?;
                let is_due = stream.dead.is_none() && stream.next_try_at <= now;
                is_due.then_some((first.1.received_at, sequence, stream, rows))
            })
            .collect();
        ready.sort_by_key(|(since, ..)| *since);
        ready.truncate(usize::try_from(limits.sequences).unwrap_or(usize::MAX));
        let depth = usize::try_from(limits.depth).unwrap_or(usize::MAX);
        let ready = ready.into_iter().map(|(_, sequence, stream, rows)| {
            let unbroken = (stream.last_seq + 1..).zip(rows).take_while(|(due, (seq, _))| due == seq);
            let events = unbroken.take(depth).map(|(seq, (_, arrived))| (seq, arrived.body.clone()));
            Ready { sequence: sequence.clone(), attempts: stream.attempts, events: events.collect() }
        });
        Ok(ready.collect())
    }

    async fn standings(
        &self,
        tx: &mut MemoryTx,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
        tx.pause("standings").await?;
        let waiting = sequences(&tx.state, consumer);
        let standing = |sequence: &SequenceKey| {
            let last_seq = stream(&tx.state, consumer, sequence).map_or(0, |stream| stream.last_seq);
            let holds = waiting.get(sequence).is_some_and(|rows| !rows.is_empty());
            (sequence.clone(), Standing { last_seq, holds })
        };
        Ok(of.iter().map(standing).collect())
    }

    async fn last(&self, tx: &mut MemoryTx, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError> {
        tx.pause("last").await?;
        let last = stream(&tx.state, consumer, of).map_or(0, |stream| stream.last_seq);
        tx.may_load(of.clone(), last);
        Ok(last)
    }

    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError> {
        let tx = self.open().await?;
        let last = |of: &SequenceKey| Some((of.clone(), stream(&tx.state, consumer, of)?.last_seq));
        Ok(of.iter().filter_map(last).collect())
    }

    async fn advance(&self, tx: &mut MemoryTx, consumer: &str, done: &[Advance]) -> Result<(), StoreError> {
        tx.pause("advance").await?;
        for Advance { sequence, up_to } in done {
            let key = (consumer.to_owned(), sequence.clone());
            let rows = (consumer.to_owned(), sequence.clone(), i64::MIN)
                ..=(consumer.to_owned(), sequence.clone(), *up_to);
            let applied: Vec<_> = tx.state.inbox.range(rows).map(|(row, _)| row.clone()).collect();
            for row in applied {
                tx.remove(|state| &mut state.inbox, row);
            }
            tx.loaded(sequence, *up_to);
            tx.put(|state| &mut state.streams, key, Stream { last_seq: *up_to, ..Stream::default() });
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
        let mut tx = self.open().await?;
        let now = tx.now();
        if let Some(stream) =
            stream(&tx.state, consumer, sequence).filter(|stream| stream.last_seq == seq - 1)
        {
            let failed = Stream {
                last_seq: stream.last_seq,
                attempts: stream.attempts + 1,
                next_try_at: now + retry_in_ms.unwrap_or_default(),
                dead: retry_in_ms.is_none().then(|| reason.to_owned()),
            };
            tx.put(|state| &mut state.streams, (consumer.to_owned(), sequence.clone()), failed);
        }
        tx.make_so().await
    }

    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError> {
        self.step("gaps").await?;
        let state = &*self.state.lock().await;
        let until = self.clock.now_ms(&self.weather) - older_than_ms;
        let gaps = sequences(state, consumer).into_iter().filter_map(|(sequence, rows)| {
            let last_seq = stream(state, consumer, sequence)?.last_seq;
            let is_parked = rows.first().is_some_and(|(seq, _)| *seq > last_seq + 1)
                && rows.iter().any(|(_, arrived)| arrived.received_at <= until);
            is_parked.then(|| Gap { sequence: sequence.clone(), last_seq })
        });
        Ok(gaps.take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
    }

    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError> {
        self.step("source").await?;
        let state = &*self.state.lock().await;
        Ok(state.sources.get(&(consumer.to_owned(), source.to_owned())).cloned().unwrap_or_default())
    }

    async fn note_source(
        &self,
        tx: &mut MemoryTx,
        consumer: &str,
        source: &str,
        noted: &SourceState,
    ) -> Result<(), StoreError> {
        tx.pause("note source").await?;
        tx.put(|state| &mut state.sources, (consumer.to_owned(), source.to_owned()), noted.clone());
        Ok(())
    }

    /// Nobody watches a simulated service.
    async fn waiting(&self, _: &str) -> Result<Vec<Waiting>, StoreError> {
        Ok(Vec::new())
    }

    async fn markers(&self, _: &str) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        self.step("backlog").await?;
        let state = &*self.state.lock().await;
        let own = state.streams.iter().filter(|((name, _), _)| name == consumer);
        let dead = own.filter(|(_, stream)| stream.dead.is_some()).count();
        let waiting = sequences(state, consumer);
        let events: usize = waiting.values().map(Vec::len).sum();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(InboxBacklog { events: number(events), dead: number(dead), ..InboxBacklog::default() })
    }
}

fn stream<'s>(state: &'s State, consumer: &str, sequence: &SequenceKey) -> Option<&'s Stream> {
    state.streams.get(&(consumer.to_owned(), sequence.clone()))
}

type Rows<'s> = Vec<(i64, &'s Arrived)>;

/// What a consumer has received and not applied, by its sequences.
fn sequences<'s>(state: &'s State, consumer: &str) -> BTreeMap<&'s SequenceKey, Rows<'s>> {
    let first = SequenceKey { source: String::new(), stream: String::new() };
    let rows = state.inbox.range((consumer.to_owned(), first, i64::MIN)..);
    let mut sequences: BTreeMap<_, Rows<'s>> = BTreeMap::new();
    for ((_, sequence, seq), arrived) in rows.take_while(|((name, ..), _)| name == consumer) {
        sequences.entry(sequence).or_default().push((*seq, arrived));
    }
    sequences
}
