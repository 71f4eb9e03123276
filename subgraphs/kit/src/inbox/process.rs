//! Applying what has come.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Mutex;

use super::{
    Advance, HandleError, Handler, InboxStore, MARKERS, Marker, Ready, ReadyLimits, Received, SequenceKey,
    marker,
};
use crate::{
    backoff::doubled,
    changes::Owners,
    error::StoreError,
    event::{Envelope, Unreadable},
    fault::{self, Place},
    outbox::Wake,
    planted::{self, Bug},
    sources::ms,
    trace,
};

/// How an inbox works.
#[derive(Debug, Clone, Copy)]
pub struct InboxOptions {
    /// How much is applied in one transaction.
    pub limits: ReadyLimits,
    /// How often an event may fail for a reason that may pass by itself only if somebody mends something,
    /// before it is a dead letter.
    pub attempts: i64,
    /// The pause after the first failure in a row; it doubles, up to 64 times this.
    pub pause: Duration,
    /// How long a missing event is waited for before the owner is asked.
    pub gap: Duration,
    /// How long it waits to be woken before it looks by itself: another process may have received.
    pub poll: Duration,
    /// How many aggregates one page of an owner's state has.
    pub page: u32,
}

impl Default for InboxOptions {
    fn default() -> Self {
        Self {
            limits: ReadyLimits { sequences: 256, depth: 16 },
            attempts: 8,
            pause: Duration::from_millis(50),
            gap: Duration::from_secs(10),
            poll: Duration::from_millis(500),
            page: 500,
        }
    }
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing was ready.
    Idle,
    /// So many events were applied.
    Applied(usize),
    /// A batch failed as a whole: the next turns take its events one by one.
    Divided,
    /// One event failed.
    Failed,
}

/// One consumer's inbox, with what it does with events.
pub struct Inbox<S: InboxStore> {
    pub(super) store: S,
    pub(super) consumer: &'static str,
    pub(super) handler: Box<dyn Handler<S::Tx>>,
    pub(super) owners: Arc<dyn Owners>,
    pub(super) options: InboxOptions,
    pub(super) wake: Wake,
    /// Held by whoever applies.
    pub(super) turns: Mutex<()>,
    /// How many turns take one event at a time, since a larger batch has failed.
    cautious: AtomicUsize,
}

impl<S: InboxStore> Inbox<S> {
    /// The inbox of a consumer.
    pub fn new(
        consumer: &'static str,
        store: S,
        handler: impl Handler<S::Tx> + 'static,
        owners: Arc<dyn Owners>,
        options: InboxOptions,
    ) -> Self {
        let (handler, wake, turns) = (Box::new(handler), Wake::default(), Mutex::default());
        Self { store, consumer, handler, owners, options, wake, turns, cautious: AtomicUsize::new(0) }
    }

    /// The consumer's name.
    #[must_use]
    pub fn consumer(&self) -> &'static str {
        self.consumer
    }

    /// Where it keeps what has come.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Stores what has come; when this returns, it may be acknowledged. Of markers the newest of each sequence are stored.
    pub async fn receive(&self, events: &[Received]) -> Result<(), StoreError> {
        let markers = marker::newest(events.iter());
        if markers.is_empty() {
            self.store.receive(self.consumer, events).await?;
        } else {
            let markers = self.numbered(markers).await?;
            let others = events.iter().filter(|event| event.sequence.source != MARKERS).cloned();
            self.store.receive(self.consumer, &others.chain(markers).collect::<Vec<_>>()).await?;
        }
        self.wake.tell();
        Ok(())
    }

    /// Markers, each as the next of its sequence; those left out that are older than the one applied last.
    pub(super) async fn numbered(
        &self,
        markers: BTreeMap<&SequenceKey, &Received>,
    ) -> Result<Vec<Received>, StoreError> {
        if markers.is_empty() {
            return Ok(Vec::new());
        }
        // Read without a claim: where one is applied meanwhile, the number is taken, and the other is left out.
        let sequences: Vec<SequenceKey> = markers.keys().map(|sequence| (*sequence).clone()).collect();
        let reached = self.store.reached(self.consumer, &sequences).await?;
        let numbered = markers.into_iter().filter_map(|(sequence, marker)| {
            let last = reached.get(sequence).copied().unwrap_or_default();
            (marker.seq > last).then(|| Received { seq: last + 1, ..marker.clone() })
        });
        Ok(numbered.collect())
    }

    /// Applies what comes, for ever.
    pub async fn run(&self) {
        loop {
            match self.turn().await {
                Ok(Turn::Idle) => self.wake.wait(self.options.poll).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(consumer = self.consumer, %error, "events wait in the inbox");
                    self.wake.wait(self.options.poll).await;
                }
            }
        }
    }

    /// Asks owners, for ever, for what has not come.
    pub async fn repair(&self) {
        loop {
            tokio::time::sleep(self.options.gap / 2).await;
            if let Err(error) = self.fill_gaps().await {
                tracing::warn!(consumer = self.consumer, %error, "a sequence waits for an event");
            }
        }
    }

    /// Applies one batch in one transaction. If an event of it fails, nothing of the batch has happened, and
    /// the next turns take one event at a time, so that the one that fails is found.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        let cautious = self.cautious.load(Ordering::Relaxed);
        let limits = if cautious > 0 { ReadyLimits { sequences: 1, depth: 1 } } else { self.options.limits };
        let _turn = self.turns.lock().await;
        let mut tx = self.store.begin().await?;
        let ready = self.store.ready(&mut tx, self.consumer, limits).await?;
        let events: usize = ready.iter().map(|sequence| sequence.events.len()).sum();
        self.cautious.store(cautious.saturating_sub(1), Ordering::Relaxed);
        if events == 0 {
            return Ok(Turn::Idle);
        }
        match self.apply_all(&mut tx, ready.into_iter().map(Due::from)).await {
            Ok(done) => {
                self.finish(tx, &done).await?;
                Ok(Turn::Applied(events))
            }
            Err(_) if events > 1 => {
                // Another transaction must find free what this one held.
                self.store.roll_back(tx).await?;
                self.cautious.store(events, Ordering::Relaxed);
                Ok(Turn::Divided)
            }
            Err(failed) => {
                self.store.roll_back(tx).await?;
                self.note(&failed).await?;
                Ok(Turn::Failed)
            }
        }
    }

    /// Marks what was applied in its own transaction, and makes it so.
    pub(super) async fn finish(&self, mut tx: S::Tx, done: &[Advance]) -> Result<(), StoreError> {
        if planted::is(Bug::MarkApart) {
            self.store.commit(tx).await?;
            tx = self.store.begin().await?;
        }
        if let Err(error) = self.store.advance(&mut tx, self.consumer, done).await {
            self.store.roll_back(tx).await?;
            return Err(error);
        }
        fault::at(Place::InboxBeforeCommit).await;
        self.store.commit(tx).await?;
        fault::at(Place::InboxAfterCommit).await;
        Ok(())
    }

    pub(super) async fn apply_all(
        &self,
        tx: &mut S::Tx,
        due: impl ExactSizeIterator<Item = Due> + Send,
    ) -> Result<Vec<Advance>, Failed> {
        let mut done = Vec::with_capacity(due.len());
        for Due { sequence, attempts, events } in due {
            let mut reached = None;
            for (seq, read) in events {
                match self.apply(tx, &sequence, seq, read).await {
                    Ok(up_to) => reached = Some(up_to),
                    Err(error) => return Err(Failed { sequence, seq, attempts, error }),
                }
            }
            done.extend(reached.map(|up_to| Advance { sequence, up_to }));
        }
        Ok(done)
    }

    /// Applies one event; the number that its sequence has reached then.
    async fn apply(
        &self,
        tx: &mut S::Tx,
        sequence: &SequenceKey,
        seq: i64,
        read: Result<Envelope, Unreadable>,
    ) -> Result<i64, HandleError> {
        let mut event = read?;
        if let Some(marker) = Marker::of(&event).filter(|_| sequence.source == MARKERS) {
            return Ok(marker.left_at);
        }
        let mut span = trace::applying(self.consumer, &mut event);
        let applied = self.handler.apply(tx, &event).await;
        trace::applied(&mut span, &applied);
        applied.map(|()| seq)
    }

    /// Notes a failure: the event waits for another try, or becomes a dead letter.
    async fn note(&self, failed: &Failed) -> Result<(), StoreError> {
        let Failed { sequence, seq, attempts, error } = failed;
        let again = match error {
            HandleError::Poison(_) => false,
            HandleError::Unreadable(unreadable) => unreadable.is_newer(),
            HandleError::Store(store) => store.is_passing() || attempts + 1 < self.options.attempts,
        };
        let retry_in_ms = again.then(|| ms(doubled(self.options.pause, attempts.saturating_add(1))));
        let (consumer, stream) = (self.consumer, &sequence.stream);
        match error {
            HandleError::Store(error) => {
                tracing::warn!(consumer, source = sequence.source, stream, seq, %error, again, "an event failed");
            }
            HandleError::Unreadable(newer) if again => {
                tracing::warn!(consumer, source = sequence.source, stream, seq, %newer, "an event waits for a newer release");
            }
            // The letter says why; a reason may quote what is personal.
            HandleError::Unreadable(_) | HandleError::Poison(_) => {
                tracing::warn!(
                    consumer,
                    source = sequence.source,
                    stream,
                    seq,
                    "an event is a dead letter now"
                );
            }
        }
        self.store.fail(consumer, sequence, *seq, &error.to_string(), retry_in_ms).await
    }
}

/// A sequence whose next events are applied now.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) sequence: SequenceKey,
    /// How often in a row its next event has failed.
    pub(super) attempts: i64,
    /// Numbers, and what was read of each.
    pub(super) events: Vec<(i64, Result<Envelope, Unreadable>)>,
}

impl From<Ready> for Due {
    fn from(Ready { sequence, attempts, events }: Ready) -> Self {
        let events = events.into_iter().map(|(seq, body)| (seq, Envelope::parse(body.as_bytes())));
        Self { sequence, attempts, events: events.collect() }
    }
}

/// An event that failed.
pub(super) struct Failed {
    sequence: SequenceKey,
    seq: i64,
    attempts: i64,
    error: HandleError,
}
