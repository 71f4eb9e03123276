//! Sagas on SQL: a row each, with the saga in JSON and what it is found by beside it.

use async_trait::async_trait;
use lms_kit::{
    Problem, Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase as MigrationPhase},
    page::{Cursor, Page, Window},
    sql::{Db, Order, Row, Sql, Tx},
};
use serde_json::Value;

use super::{
    SagaFilter, SagaStore,
    kept::{forget, keep},
    missed::miss,
};
use crate::{
    coordinator::{Coordinator, POSTPONED_MS, SagaTx, StepIn},
    machine::Beginning,
    saga::Saga,
};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "sagas",
        phase: MigrationPhase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0001_sagas.sql"),
        postgres: include_str!("../../migrations/postgres/0001_sagas.sql"),
    },
    Migration {
        version: 2,
        name: "kept",
        phase: MigrationPhase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0002_kept.sql"),
        postgres: include_str!("../../migrations/postgres/0002_kept.sql"),
    },
    Migration {
        version: 3,
        name: "ended",
        phase: MigrationPhase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0003_ended.sql"),
        postgres: include_str!("../../migrations/postgres/0003_ended.sql"),
    },
    Migration {
        version: 4,
        name: "missed",
        phase: MigrationPhase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0004_missed.sql"),
        postgres: include_str!("../../migrations/postgres/0004_missed.sql"),
    },
];

const NEWEST: Order = Order { sort: "created_at", id: "id", nullable: false, descending: true };

#[async_trait]
impl SagaTx for Tx {
    async fn now_ms(&mut self) -> Result<i64, StoreError> {
        self.one(&Sql::new("SELECT now_ms() AS now"), "clock").await?.int("now")
    }

    async fn saga(&mut self, id: &str) -> Result<Option<Saga>, StoreError> {
        let query = Sql::new("SELECT body FROM sagas WHERE id = $1 FOR UPDATE").bind(id);
        self.row(&query).await?.as_ref().map(read).transpose()
    }

    async fn due(&mut self, most: u32) -> Result<Vec<Saga>, StoreError> {
        let query = Sql::new(
            "SELECT id, body FROM sagas WHERE due_at IS NOT NULL AND due_at <= now_ms() \
             ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED",
        );
        let mut due = Vec::new();
        for row in self.rows(&query.bind(i64::from(most))).await? {
            match read(&row) {
                Ok(saga) => due.push(saga),
                Err(error) => {
                    let id = row.text("id")?;
                    tracing::error!(saga = id, %error, "a saga cannot be read");
                    self.postpone(&id, POSTPONED_MS).await?;
                }
            }
        }
        Ok(due)
    }

    async fn postpone(&mut self, id: &str, ms: i64) -> Result<(), StoreError> {
        let update = Sql::new("UPDATE sagas SET due_at = now_ms() + $2 WHERE id = $1").bind(id).bind(ms);
        self.run(&update).await.map(drop)
    }

    async fn add(&mut self, saga: &Saga) -> Result<(), StoreError> {
        let insert = Sql::new(
            "INSERT INTO sagas (id, kind, phase, due_at, version, body, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        );
        self.run(&bind(insert, saga)?).await.map(drop)
    }

    async fn put(&mut self, saga: &Saga) -> Result<(), StoreError> {
        let update = Sql::new(
            "UPDATE sagas SET kind = $2, phase = $3, due_at = $4, version = $5, body = $6, created_at = $7, \
             updated_at = $8 WHERE id = $1 AND version = $5 - 1",
        );
        if saga.phase.is_over() {
            forget(self, &saga.id).await?;
        }
        match self.run(&bind(update, saga)?).await? {
            1 => Ok(()),
            _ => Err(StoreError::corrupt("saga", format!("{} was changed by somebody else", saga.id))),
        }
    }

    async fn miss(&mut self, id: &str) -> Result<(), StoreError> {
        miss(self, id).await
    }
}

fn bind(sql: Sql, saga: &Saga) -> Result<Sql, StoreError> {
    let body = serde_json::to_string(saga).map_err(|cause| StoreError::corrupt("saga", cause))?;
    Ok(sql
        .bind(&saga.id)
        .bind(&saga.kind)
        .bind(saga.phase.as_str())
        .bind(saga.due_at())
        .bind(saga.version)
        .bind(body)
        .bind(saga.created_at)
        .bind(saga.updated_at))
}

fn read(row: &Row) -> Result<Saga, StoreError> {
    serde_json::from_str(&row.text("body")?).map_err(|cause| StoreError::corrupt("saga", cause))
}

/// Sagas in an SQL database.
pub(crate) struct SqlSagas {
    db: Db,
    coordinator: Coordinator,
}

impl SqlSagas {
    pub(crate) fn new(db: Db, coordinator: Coordinator) -> Self {
        Self { db, coordinator }
    }
}

#[async_trait]
impl SagaStore for SqlSagas {
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<Saga>, StoreError> {
        let query = Sql::new("SELECT body FROM sagas WHERE id = ANY($1)").bind(ids.to_vec());
        self.db.rows(&query).await?.iter().map(read).collect()
    }

    async fn list(&self, filter: &SagaFilter, window: &Window) -> Result<Page<Saga>, StoreError> {
        let mut query = Sql::new("SELECT body FROM sagas WHERE true");
        if let Some(phase) = filter.phase {
            query = query.push(" AND phase = ").push_value(phase.as_str());
        }
        if let Some(kind) = &filter.kind {
            query = query.push(" AND kind = ").push_value(kind);
        }
        let rows = self.db.rows(&query.page(&NEWEST, window)).await?;
        let entries = rows.iter().map(|row| {
            let saga = read(row)?;
            Ok((Cursor::new(saga.created_at, saga.id.as_str()), saga))
        });
        Ok(Page::from_walk(window, entries.collect::<Result<_, StoreError>>()?))
    }

    async fn begin(
        &self,
        kind: &'static str,
        (beginning, kept): (Beginning, Option<Value>),
        command: &Command,
    ) -> Result<Saga, Refusal> {
        let mut change = match Change::begin::<String>(&self.db, command).await? {
            Begun::Before(id) => return self.again(&id).await,
            Begun::Fresh(change) => change,
        };
        if let Some(what) = kept {
            keep(change.tx(), &beginning.id, &what).await?;
        }
        let saga = self.coordinator.begin(change.tx(), kind, beginning, command).await?;
        change.commit(saga.id.clone()).await?;
        Ok(saga)
    }

    async fn step_in(&self, id: &str, how: StepIn, command: &Command) -> Result<Saga, Refusal> {
        let mut change = match Change::begin::<String>(&self.db, command).await? {
            Begun::Before(id) => return self.again(&id).await,
            Begun::Fresh(change) => change,
        };
        let saga = self.coordinator.step_in(change.tx(), id, how, command).await??;
        change.commit(saga.id.clone()).await?;
        Ok(saga)
    }
}

impl SqlSagas {
    /// The saga that a repeated call was about, as it is now.
    async fn again(&self, id: &str) -> Result<Saga, Refusal> {
        let saga = self.by_ids(&[id.to_owned()]).await?.into_iter().next();
        Ok(saga.ok_or_else(|| Problem::not_found(&["id"], format!("there is no saga {id}")))?)
    }
}
