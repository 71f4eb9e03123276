//! An inbox that notes when the effects of a transaction were committed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    inbox::{
        Advance, Gap, InboxBacklog, InboxStore, Ready, ReadyLimits, Received, SequenceKey, SourceState,
        SqlInbox, Standing,
    },
    sql::Tx,
    watch::Waiting,
};

/// The inbox of the listener, and when what was applied.
#[derive(Clone)]
pub(crate) struct TimedInbox {
    pub(crate) inbox: SqlInbox,
    /// Values of events, each with the instant after the commit of its effect.
    pub(crate) applied: Arc<Mutex<Vec<(i64, Instant)>>>,
}

/// A transaction, and the values of the events in it.
pub(crate) struct TimedTx {
    pub(crate) tx: Tx,
    pub(crate) values: Vec<i64>,
}

#[async_trait]
impl InboxStore for TimedInbox {
    type Tx = TimedTx;

    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError> {
        self.inbox.receive(consumer, events).await
    }

    async fn begin(&self) -> Result<TimedTx, StoreError> {
        Ok(TimedTx { tx: self.inbox.begin().await?, values: Vec::new() })
    }

    async fn commit(&self, tx: TimedTx) -> Result<(), StoreError> {
        self.inbox.commit(tx.tx).await?;
        let now = Instant::now();
        let mut applied = self.applied.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        applied.extend(tx.values.into_iter().map(|value| (value, now)));
        Ok(())
    }

    async fn roll_back(&self, tx: TimedTx) -> Result<(), StoreError> {
        self.inbox.roll_back(tx.tx).await
    }

    async fn ready(
        &self,
        tx: &mut TimedTx,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError> {
        self.inbox.ready(&mut tx.tx, consumer, limits).await
    }

    async fn standings(
        &self,
        tx: &mut TimedTx,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
        self.inbox.standings(&mut tx.tx, consumer, of).await
    }

    async fn last(&self, tx: &mut TimedTx, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError> {
        self.inbox.last(&mut tx.tx, consumer, of).await
    }

    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError> {
        self.inbox.reached(consumer, of).await
    }

    async fn advance(&self, tx: &mut TimedTx, consumer: &str, done: &[Advance]) -> Result<(), StoreError> {
        self.inbox.advance(&mut tx.tx, consumer, done).await
    }

    async fn fail(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        reason: &str,
        retry_in_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        self.inbox.fail(consumer, sequence, seq, reason, retry_in_ms).await
    }

    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError> {
        self.inbox.gaps(consumer, older_than_ms, most).await
    }

    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError> {
        self.inbox.source(consumer, source).await
    }

    async fn note_source(
        &self,
        tx: &mut TimedTx,
        consumer: &str,
        source: &str,
        state: &SourceState,
    ) -> Result<(), StoreError> {
        self.inbox.note_source(&mut tx.tx, consumer, source, state).await
    }

    async fn waiting(&self, consumer: &str) -> Result<Vec<Waiting>, StoreError> {
        self.inbox.waiting(consumer).await
    }

    async fn markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError> {
        self.inbox.markers(consumer).await
    }

    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        self.inbox.backlog(consumer).await
    }
}
