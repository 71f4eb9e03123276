//! A service over an engine of its own, as what runs it sees it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Migration, RecordInbox, Records, ledger};
use crate::{
    error::StoreError,
    migrate::{Contracted, Gate, Kept, MigrateError, oldest_schemas},
    outbox::Wake,
    service::{Engine, Messages, Silent, readiness},
    sources::{Clock, now_ms},
};

/// The engine of a service that listens and says nothing.
pub struct RecordEngine<R> {
    inbox: RecordInbox<R>,
    owner: &'static str,
    migrations: &'static [Migration],
}

impl<R: Records> RecordEngine<R> {
    /// Brings the records up to the migrations of the service of this name.
    pub async fn open(
        records: Arc<R>,
        owner: &'static str,
        migrations: &'static [Migration],
        at_ms: i64,
    ) -> Result<Self, MigrateError> {
        ledger::migrate(records.as_ref(), (owner, migrations), at_ms, None).await?;
        Ok(Self { inbox: RecordInbox::new(records), owner, migrations })
    }

    /// Where what has come is kept.
    #[must_use]
    pub fn inbox(&self) -> RecordInbox<R> {
        self.inbox.clone()
    }
}

#[async_trait]
impl<R: Records> Engine for RecordEngine<R> {
    async fn ready(&self) -> Result<(), String> {
        readiness(ledger::pending(self.inbox.records.as_ref(), self.owner, self.migrations).await)
    }

    fn statements(&self) -> u64 {
        self.inbox.records.statements()
    }

    /// One process has the engine, so that its clock is the engine's.
    async fn now_ms(&self) -> Result<i64, StoreError> {
        Ok(now_ms())
    }

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            outbox: Arc::new(Silent),
            wake: Wake::default(),
            changes: Arc::new(Silent),
            dead_letters: Some(Arc::new(self.inbox.clone())),
        })
    }

    async fn standing(&self) -> Result<Option<Kept>, MigrateError> {
        let mut kept = ledger::standing(self.inbox.records.as_ref(), self.owner, self.migrations).await?;
        let stored = self.inbox.stored().await.map_err(MigrateError::Ledger)?;
        kept.minima.event_schemas = oldest_schemas(stored.iter().map(String::as_str));
        Ok(Some(kept))
    }

    async fn contract(&self, gate: &dyn Gate, clock: &dyn Clock) -> Result<Vec<Contracted>, MigrateError> {
        let (records, now_ms) = (self.inbox.records.as_ref(), clock.now_ms());
        ledger::migrate(records, (self.owner, self.migrations), now_ms, Some(gate)).await
    }

    async fn purge(&self, _now_ms: i64) -> Result<(), StoreError> {
        self.inbox.purge().await
    }

    async fn close(&self) {
        self.inbox.records.close().await;
    }
}
