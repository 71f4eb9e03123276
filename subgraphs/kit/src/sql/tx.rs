//! A transaction; dropped, it is rolled back.

use sqlx::{Postgres, Sqlite, Transaction};

use super::{
    db::Gauge,
    postgres,
    row::{Inner, Row},
    sqlite,
    statement::Sql,
};
use crate::error::StoreError;

/// An open transaction of either engine.
pub struct Tx {
    engine: Engine,
    gauge: Gauge,
    says: bool,
}

enum Engine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn sqlite(begun: Transaction<'static, Sqlite>, gauge: Gauge) -> Self {
        Self { engine: Engine::Sqlite(begun), gauge, says: false }
    }

    pub(super) fn postgres(begun: Transaction<'static, Postgres>, gauge: Gauge) -> Self {
        Self { engine: Engine::Postgres(begun), gauge, says: false }
    }

    /// Runs a statement; how many rows it changed.
    pub async fn run(&mut self, sql: &Sql) -> Result<u64, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => {
                let done = self.gauge.statement(sqlite::query(sql).execute(&mut **tx)).await?;
                Ok(done.rows_affected())
            }
            Engine::Postgres(tx) => {
                let done = self.gauge.statement(postgres::query(sql).execute(&mut **tx)).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// All rows of a query, or of a statement with `RETURNING`.
    pub async fn rows(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => {
                let rows = self.gauge.statement(sqlite::query(sql).fetch_all(&mut **tx)).await?;
                Ok(rows.into_iter().map(|row| Row(Inner::Sqlite(row))).collect())
            }
            Engine::Postgres(tx) => {
                let rows = self.gauge.statement(postgres::query(sql).fetch_all(&mut **tx)).await?;
                Ok(rows.into_iter().map(|row| Row(Inner::Postgres(row))).collect())
            }
        }
    }

    /// The first row of a query, or of a statement with `RETURNING`.
    pub async fn row(&mut self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// The one row of a statement that always has one, of `what`.
    pub async fn one(&mut self, sql: &Sql, what: &'static str) -> Result<Row, StoreError> {
        self.row(sql).await?.ok_or_else(|| StoreError::corrupt(what, "no row came back"))
    }

    /// Whether one statement may hold several that write.
    pub(crate) fn writes_several(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Notes that it holds an event, of which the relay is told when it is committed.
    pub(crate) fn says_something(&mut self) {
        self.says = true;
    }

    /// Runs the statements of a script, which takes no parameters.
    pub(crate) async fn script(&mut self, script: &'static str) -> Result<(), StoreError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => {
                self.gauge.statement(sqlx::raw_sql(script).execute(&mut **tx)).await.map(drop)
            }
            Engine::Postgres(tx) => {
                self.gauge.statement(sqlx::raw_sql(script).execute(&mut **tx)).await.map(drop)
            }
        }
    }

    /// Takes it back. A transaction that is dropped is taken back as well, a moment later.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite(tx) => self.gauge.limit(tx.rollback()).await,
            Engine::Postgres(tx) => self.gauge.limit(tx.rollback()).await,
        }
    }

    /// Makes it so, and tells the relay if there is something to send.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite(tx) => self.gauge.limit(tx.commit()).await?,
            Engine::Postgres(tx) => self.gauge.limit(tx.commit()).await?,
        }
        if self.says {
            self.gauge.wake.tell();
        }
        Ok(())
    }
}
