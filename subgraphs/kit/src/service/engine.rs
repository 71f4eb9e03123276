//! What a service needs to know of its engine to be run.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    changes::{Changes, SqlChanges},
    documents::{self, DocumentInbox, DocumentOutbox, Documents},
    error::StoreError,
    idempotency,
    inbox::{self, DeadLetters, SqlInbox},
    migrate::{self, Contracted, Gate, Kept, MigrateError, Migration, Process},
    outbox::{self, Outbox, SqlOutbox, Wake},
    saga,
    sources::{Clock, now_ms},
    sql::{Db, Sql},
};

/// A service's engine.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Whether requests can be answered; if not, why.
    async fn ready(&self) -> Result<(), String>;

    /// How many statements or commands have run.
    fn statements(&self) -> u64;

    /// The time on the engine's clock, which its processes share, in ms.
    async fn now_ms(&self) -> Result<i64, StoreError>;

    /// What waits to be said, and the state that was said; `None` where nothing is kept.
    fn messages(&self) -> Option<Messages> {
        None
    }

    /// How its migrations stand, who runs on it, and what is still in use in it; `None` where nothing is kept.
    async fn standing(&self) -> Result<Option<Kept>, MigrateError> {
        Ok(None)
    }

    /// Notes that a process runs on it.
    async fn present(&self, _process: &Process) -> Result<(), StoreError> {
        Ok(())
    }

    /// Applies the migrations that take something away and that a gate lets through, up to the first that it does not.
    async fn contract(&self, _gate: &dyn Gate, _clock: &dyn Clock) -> Result<Vec<Contracted>, MigrateError> {
        Ok(Vec::new())
    }

    /// Forgets what nobody needs any more.
    async fn purge(&self, _now_ms: i64) -> Result<(), StoreError> {
        Ok(())
    }

    /// Closes what is open.
    async fn close(&self);
}

/// The engine of a service that keeps nothing: there is nothing to open, and so nothing to wait for.
pub struct NoEngine;

#[async_trait]
impl Engine for NoEngine {
    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn statements(&self) -> u64 {
        0
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        Ok(now_ms())
    }

    async fn close(&self) {}
}

/// An engine's part in the traffic between services.
pub struct Messages {
    /// Where events wait.
    pub outbox: Arc<dyn Outbox>,
    /// Told when one waits.
    pub wake: Wake,
    /// The state, for consumers that are new.
    pub changes: Arc<dyn Changes>,
    /// What could not be applied.
    pub dead_letters: Option<Arc<dyn DeadLetters>>,
}

/// The engine of an SQL service.
pub struct SqlEngine {
    /// The database.
    pub db: Db,
    /// The service's name, as the ledger has it.
    pub owner: &'static str,
    /// The service's migrations.
    pub migrations: &'static [Migration],
}

#[async_trait]
impl Engine for SqlEngine {
    async fn ready(&self) -> Result<(), String> {
        readiness(migrate::pending(&self.db, self.owner, self.migrations).await)
    }

    fn statements(&self) -> u64 {
        self.db.statements()
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        self.db.one(&Sql::new("SELECT now_ms() AS now"), "clock").await?.int("now")
    }

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            outbox: Arc::new(SqlOutbox::new(self.db.clone())),
            wake: self.db.wake().clone(),
            changes: Arc::new(SqlChanges::new(self.db.clone())),
            dead_letters: Some(Arc::new(SqlInbox::new(self.db.clone()))),
        })
    }

    async fn standing(&self) -> Result<Option<Kept>, MigrateError> {
        migrate::standing(&self.db, self.owner, self.migrations).await.map(Some)
    }

    async fn present(&self, process: &Process) -> Result<(), StoreError> {
        migrate::present(&self.db, process).await
    }

    async fn contract(&self, gate: &dyn Gate, clock: &dyn Clock) -> Result<Vec<Contracted>, MigrateError> {
        migrate::contract(&self.db, self.owner, self.migrations, clock, gate).await
    }

    async fn purge(&self, now_ms: i64) -> Result<(), StoreError> {
        idempotency::purge(&self.db, now_ms).await?;
        outbox::purge(&self.db).await?;
        inbox::purge(&self.db).await?;
        saga::purge(&self.db).await?;
        self.db.let_go().await
    }

    async fn close(&self) {
        self.db.close().await;
    }
}

/// The engine of a service over documents.
pub struct DocumentEngine {
    /// The documents.
    pub documents: Arc<dyn Documents>,
    /// Their outboxes.
    pub outbox: Arc<DocumentOutbox>,
    /// The service's name, as the ledger has it.
    pub owner: &'static str,
    /// The service's migrations.
    pub migrations: &'static [documents::Migration],
}

#[async_trait]
impl Engine for DocumentEngine {
    async fn ready(&self) -> Result<(), String> {
        readiness(documents::pending(self.documents.as_ref(), self.owner, self.migrations).await)
    }

    fn statements(&self) -> u64 {
        self.documents.statements()
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        self.documents.now_ms().await
    }

    fn messages(&self) -> Option<Messages> {
        let (outbox, changes) = (Arc::clone(&self.outbox), Arc::clone(&self.outbox));
        let inbox: Arc<dyn DeadLetters> = Arc::new(DocumentInbox::new(Arc::clone(&self.documents)));
        Some(Messages { wake: outbox.wake().clone(), outbox, changes, dead_letters: Some(inbox) })
    }

    async fn standing(&self) -> Result<Option<Kept>, MigrateError> {
        let documents = self.documents.as_ref();
        documents::standing(documents, &self.outbox, self.owner, self.migrations).await.map(Some)
    }

    async fn present(&self, process: &Process) -> Result<(), StoreError> {
        documents::present(self.documents.as_ref(), process).await
    }

    async fn contract(&self, gate: &dyn Gate, clock: &dyn Clock) -> Result<Vec<Contracted>, MigrateError> {
        self.documents.contract(self.owner, self.migrations, clock.now_ms(), gate).await
    }

    async fn purge(&self, _now_ms: i64) -> Result<(), StoreError> {
        self.outbox.reconsider().await?;
        self.outbox.upgrade().await?;
        let forgotten = self.outbox.forget_archive().await?;
        if forgotten > 0 {
            tracing::info!(service = self.owner, forgotten, "events that left long ago are forgotten");
        }
        documents::purge(self.documents.as_ref()).await?;
        saga::purge_documents(self.documents.as_ref()).await?;
        self.documents.let_go().await
    }

    async fn close(&self) {
        self.documents.close().await;
    }
}

/// Whether a service is ready whose migrations are these.
pub(crate) fn readiness(pending: Result<Vec<String>, MigrateError>) -> Result<(), String> {
    match pending {
        Ok(pending) if pending.is_empty() => Ok(()),
        Ok(pending) => Err(format!("migrations not applied: {}", pending.join(", "))),
        Err(error) => Err(error.to_string()),
    }
}
