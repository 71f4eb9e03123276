//! The `sqlite:` engine: a table a collection, with key columns beside `id`, `revision` and the body as JSON.
//!
//! One connection writes and several read, so that a writer never meets another inside this process; every
//! write takes its lock at once, so that it waits for another process instead of failing.

mod table;
mod table_ledger;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use table::Statement;

use super::{Collection, Document, Documents, Find, FindEach, Found, Migration, Tally};
use crate::{
    OpenError, StoreError,
    migrate::{Contracted, Gate, LedgerEntry, MigrateError},
    page::SortKey,
    sql::sqlite::{self, SqlitePools},
};

/// How long a statement may wait for its connection or for another process's lock.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct SqliteDocuments {
    pools: SqlitePools,
    statements: AtomicU64,
}

impl SqliteDocuments {
    pub(super) async fn open(path: &Path) -> Result<Self, OpenError> {
        let connect = |source: sqlx::Error| OpenError::Connect {
            url: format!("sqlite:{}", path.display()),
            source: Box::new(source),
        };
        let pools = sqlite::open(path, PATIENCE).await.map_err(connect)?;
        Ok(Self { pools, statements: AtomicU64::new(0) })
    }

    async fn read(&self, statement: Statement) -> Result<Vec<SqliteRow>, StoreError> {
        self.count();
        statement.query().fetch_all(&self.pools.reader).await.map_err(refusal)
    }

    async fn write(&self, statement: Statement) -> Result<u64, StoreError> {
        self.count();
        let done = statement.query().execute(&self.pools.writer).await.map_err(refusal)?;
        Ok(done.rows_affected())
    }

    /// Many writes under one lock, each for itself.
    async fn write_each(
        &self,
        statements: impl Iterator<Item = Statement> + Send,
    ) -> Result<usize, StoreError> {
        let mut transaction = self.begin().await.map_err(refusal)?;
        let mut written = 0;
        for statement in statements {
            self.count();
            let done = statement.query().execute(&mut *transaction).await.map_err(refusal)?;
            written += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
        }
        transaction.commit().await.map_err(refusal)?;
        Ok(written)
    }

    async fn begin(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.pools.writer.begin_with("BEGIN IMMEDIATE").await
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Documents for SqliteDocuments {
    async fn get(&self, collection: &Collection, ids: &[String]) -> Result<Vec<Found>, StoreError> {
        let rows = self.read(table::by_values(collection, "id", ids)).await?;
        rows.iter().map(found).collect()
    }

    async fn get_by(
        &self,
        collection: &Collection,
        column: &'static str,
        values: &[String],
    ) -> Result<Vec<Found>, StoreError> {
        let rows = self.read(table::by_values(collection, column, values)).await?;
        rows.iter().map(found).collect()
    }

    async fn find(&self, collection: &Collection, find: &Find) -> Result<Vec<Found>, StoreError> {
        let rows = self.read(table::page(collection, find)).await?;
        rows.iter().map(found).collect()
    }

    async fn find_each(
        &self,
        collection: &Collection,
        find: &FindEach,
    ) -> Result<BTreeMap<String, Vec<Found>>, StoreError> {
        let mut pages: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for row in self.read(table::page_for_each(collection, find)).await? {
            let value = row.try_get("parent").map_err(corrupt)?;
            pages.entry(value).or_default().push(found(&row)?);
        }
        Ok(pages)
    }

    async fn tally(
        &self,
        collection: &Collection,
        by: &'static str,
        values: &[String],
        of: &'static str,
    ) -> Result<BTreeMap<String, Tally>, StoreError> {
        let rows = self.read(table::tally(collection, by, values, of)).await?;
        rows.iter()
            .map(|row| {
                let count = row.try_get("count").map_err(corrupt)?;
                let sum = row.try_get("sum").map_err(corrupt)?;
                Ok((row.try_get("value").map_err(corrupt)?, Tally { count, sum }))
            })
            .collect()
    }

    async fn insert(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError> {
        Ok(self.write(table::insert(collection, document)).await? == 1)
    }

    async fn insert_missing(
        &self,
        collection: &Collection,
        documents: &[Document],
    ) -> Result<usize, StoreError> {
        self.write_each(documents.iter().map(|document| table::insert(collection, document))).await
    }

    async fn swap(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError> {
        Ok(self.write(table::swap(collection, document)).await? == 1)
    }

    async fn swap_each(&self, collection: &Collection, documents: &[Document]) -> Result<usize, StoreError> {
        self.write_each(documents.iter().map(|document| table::swap(collection, document))).await
    }

    async fn set_key(
        &self,
        collection: &Collection,
        found: &Found,
        column: &'static str,
        value: SortKey,
    ) -> Result<bool, StoreError> {
        Ok(self.write(table::set_key(collection, found, column, value)).await? == 1)
    }

    async fn remove(&self, collection: &Collection, ids: &[String]) -> Result<(), StoreError> {
        self.write(table::remove(collection, ids)).await.map(drop)
    }

    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let rows = self.read(table::after(collection, after.unwrap_or_default(), limit)).await?;
        rows.iter().map(found).collect()
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        self.count();
        let now = sqlx::query_scalar("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)");
        now.fetch_one(&self.pools.reader).await.map_err(refusal)
    }

    async fn take_numbers(&self, counter: &str, count: i64) -> Result<i64, StoreError> {
        self.count();
        let sql = "INSERT INTO counters (name, value) VALUES (?1, ?2) \
                   ON CONFLICT (name) DO UPDATE SET value = value + ?2 RETURNING value";
        let number = sqlx::query_scalar(sql).bind(counter).bind(count).fetch_one(&self.pools.writer).await;
        number.map_err(refusal)
    }

    async fn migrate(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
    ) -> Result<(), MigrateError> {
        table_ledger::migrate(self, (owner, migrations), at_ms, None).await.map(drop)
    }

    async fn contract(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
        gate: &dyn Gate,
    ) -> Result<Vec<Contracted>, MigrateError> {
        table_ledger::migrate(self, (owner, migrations), at_ms, Some(gate)).await
    }

    async fn ledger(&self, owner: &'static str) -> Result<Vec<LedgerEntry>, MigrateError> {
        table_ledger::ledger(self, owner).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pools.reader).await.map(drop).map_err(refusal)
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        sqlite::truncate_log(&self.pools).await.map_err(refusal)
    }

    async fn close(&self) {
        self.pools.close().await;
    }

    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

fn found(row: &SqliteRow) -> Result<Found, StoreError> {
    let body: &str = row.try_get("body").map_err(corrupt)?;
    Ok(Found {
        id: row.try_get("id").map_err(corrupt)?,
        revision: row.try_get("revision").map_err(corrupt)?,
        body: serde_json::from_str(body).map_err(|source| StoreError::corrupt("document", source))?,
    })
}

fn corrupt(source: sqlx::Error) -> StoreError {
    StoreError::corrupt("document", source)
}

fn refusal(error: sqlx::Error) -> StoreError {
    match &error {
        // Others of this process have the connections.
        sqlx::Error::PoolTimedOut => StoreError::Contended(Box::new(error)),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            StoreError::Away(Box::new(error))
        }
        sqlx::Error::Database(refused) if refused.code().is_some_and(|code| sqlite::is_disk(&code)) => {
            StoreError::Away(Box::new(error))
        }
        // Another process kept the lock for longer than the patience (SQLITE_BUSY and its kinds), or the disk is full.
        sqlx::Error::Database(refused)
            if refused.code().is_some_and(|code| sqlite::is_busy(&code) || sqlite::is_full(&code)) =>
        {
            StoreError::Contended(Box::new(error))
        }
        _ => StoreError::Refused(Box::new(error)),
    }
}
