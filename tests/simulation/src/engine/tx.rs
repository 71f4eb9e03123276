//! A transaction: it writes in place and remembers how to take back.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    bus::Topic,
    event::{Event, OutboxRow},
    idempotency::Command,
    inbox::SequenceKey,
    outbox::{AggregateKey, Wake},
    saga::{Keep, StepNote, StepState, StepTx},
};
use tokio::sync::OwnedMutexGuard;

use super::{Effect, EngineClock, State, state::Waiting};
use crate::weather::Weather;

type Undo = Box<dyn FnOnce(&mut State) + Send + Sync>;

/// An open transaction.
pub(crate) struct MemoryTx {
    pub(super) state: OwnedMutexGuard<State>,
    undo: Vec<Undo>,
    /// Where the part began that can be taken back by itself.
    part: Option<usize>,
    pub(super) weather: Arc<Weather>,
    pub(super) clock: Arc<EngineClock>,
    wake: Wake,
    /// Whether it has said something that is to be sent.
    speaks: bool,
    /// Sequences of which a state may be loaded, and their last events.
    loads: BTreeMap<SequenceKey, i64>,
    /// How far the engine's clock was off when this began.
    offset_ms: i64,
}

impl MemoryTx {
    pub(super) fn new(
        state: OwnedMutexGuard<State>,
        weather: Arc<Weather>,
        clock: Arc<EngineClock>,
        wake: Wake,
    ) -> Self {
        let (undo, loads, offset_ms) = (Vec::new(), BTreeMap::new(), clock.offset_ms.load(Ordering::Relaxed));
        Self { state, undo, part: None, weather, clock, wake, speaks: false, loads, offset_ms }
    }

    /// One step of it.
    pub(crate) async fn pause(&self, what: &'static str) -> Result<(), StoreError> {
        self.weather.step(what).await?;
        self.clock.answer(&self.weather)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now_ms(&self.weather)
    }

    /// Puts a row in place of what is under its key.
    pub(super) fn put<K, V>(&mut self, table: fn(&mut State) -> &mut BTreeMap<K, V>, key: K, row: V)
    where
        K: Ord + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let before = table(&mut self.state).insert(key.clone(), row);
        self.undo.push(Box::new(move |state| restore(table(state), key, before)));
    }

    /// Takes a row away.
    pub(super) fn remove<K, V>(&mut self, table: fn(&mut State) -> &mut BTreeMap<K, V>, key: K)
    where
        K: Ord + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let before = table(&mut self.state).remove(&key);
        self.undo.push(Box::new(move |state| restore(table(state), key, before)));
    }

    /// Makes it so. It may be so even if this fails: the answer can be lost.
    pub(crate) async fn make_so(mut self) -> Result<(), StoreError> {
        self.pause("commit").await?;
        self.undo.clear();
        if self.speaks {
            self.wake.tell();
        }
        let (weather, clock) = (Arc::clone(&self.weather), Arc::clone(&self.clock));
        drop(self);
        weather.step("committed").await?;
        clock.answer(&weather)
    }

    /// Whether one of so many times came up.
    pub(crate) fn draws_one_in(&self, times: u64) -> bool {
        self.weather.draw(|chance| chance.one_in(times))
    }

    /// Changes how often something was done.
    pub(crate) fn count(&mut self, effect: Effect, by: i64) {
        let number = self.state.effects.get(&effect).copied().unwrap_or_default() + by;
        self.put(|state| &mut state.effects, effect, number);
    }

    /// Changes a thing; how often it has changed by now.
    pub(crate) fn change(&mut self, thing: &str) -> i64 {
        let changes = self.state.things.get(thing).copied().unwrap_or_default() + 1;
        self.put(|state| &mut state.things, thing.to_owned(), changes);
        changes
    }

    /// Notes an event that a listener applies.
    pub(crate) fn hear(&mut self, sequence: SequenceKey, seq: i64, state: String) {
        let heard = self.state.heard.entry(sequence.clone()).or_default();
        heard.seqs.push(seq);
        let before = std::mem::replace(&mut heard.state, state);
        self.undo.push(Box::new(move |state| {
            let heard = state.heard.entry(sequence).or_default();
            heard.seqs.pop();
            heard.state = before;
        }));
    }

    /// Notes that a state may be loaded in place of the events after a number.
    pub(super) fn may_load(&mut self, sequence: SequenceKey, after: i64) {
        self.loads.insert(sequence, after);
    }

    /// Notes that a state was loaded up to a number, if it was.
    pub(super) fn loaded(&mut self, sequence: &SequenceKey, up_to: i64) {
        let Some(after) = self.loads.remove(sequence) else { return };
        let transfer = (sequence.clone(), after, up_to);
        self.state.transfers.insert(transfer.clone());
        self.undo.push(Box::new(move |state| {
            state.transfers.remove(&transfer);
        }));
    }

    /// Whether the engine's clock has jumped since this began.
    pub(super) fn jumped(&self) -> bool {
        self.clock.offset_ms.load(Ordering::Relaxed) != self.offset_ms
    }

    fn take_back(&mut self, to: usize) {
        for undo in self.undo.drain(to..).rev() {
            undo(&mut self.state);
        }
    }
}

impl Drop for MemoryTx {
    fn drop(&mut self) {
        self.take_back(0);
    }
}

fn restore<K: Ord, V>(table: &mut BTreeMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(row) => drop(table.insert(key, row)),
        None => drop(table.remove(&key)),
    }
}

#[async_trait]
impl StepTx for MemoryTx {
    async fn step(&mut self, saga: &str, step: &str) -> Result<Option<StepState>, StoreError> {
        self.pause("read step").await?;
        Ok(self.state.steps.get(&(saga.to_owned(), step.to_owned())).cloned())
    }

    async fn note_step(&mut self, saga: &str, step: &str, note: &StepNote) -> Result<(), StoreError> {
        self.pause("note step").await?;
        self.put(|state| &mut state.steps, (saga.to_owned(), step.to_owned()), note.state.clone());
        Ok(())
    }

    async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.pause("begin part").await?;
        self.part = Some(self.undo.len());
        Ok(())
    }

    async fn end_part(&mut self, keep: Keep) -> Result<(), StoreError> {
        self.pause("end part").await?;
        let began = self.part.take();
        let began = began.ok_or_else(|| StoreError::corrupt("transaction", "no part of it has begun"))?;
        if keep == Keep::Nothing {
            self.take_back(began);
        }
        Ok(())
    }

    async fn say(
        &mut self,
        event: &Event,
        topic: Option<&Topic>,
        command: &Command,
    ) -> Result<(), StoreError> {
        self.pause("say").await?;
        let aggregate =
            AggregateKey { aggregate_type: event.aggregate_type.to_owned(), id: event.aggregate_id.clone() };
        let mut head = self.state.heads.get(&aggregate).cloned().unwrap_or_default();
        let now = self.now();
        head.last_seq += 1;
        head.next_seq = head.next_seq.max(1);
        head.waiting_since.get_or_insert(now);
        let row = OutboxRow::new(event, head.last_seq, command);
        let row = if let Some(topic) = topic { row.to(topic) } else { row };
        let key = (aggregate.clone(), head.last_seq);
        self.put(|state| &mut state.outbox, key, Waiting { row, recorded_at: now });
        self.put(|state| &mut state.heads, aggregate, head);
        self.speaks = true;
        Ok(())
    }
}
