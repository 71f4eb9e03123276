//! The ledger of migrations in a table, and the steps as SQL; a migration and its row are one transaction.

use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::{SqliteDocuments, corrupt, refusal};
use crate::{
    StoreError,
    documents::{Collection, Index, Migration, Step, migration::missing},
    fault::{self, Place},
    migrate::{Contracted, Gate, LedgerEntry, MigrateError},
    page::KeyKind,
};

const PREPARE: &str = "CREATE TABLE IF NOT EXISTS migration_ledger (
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT NOT NULL,
    PRIMARY KEY (owner, version)
);
CREATE TABLE IF NOT EXISTS counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS processes
    (id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT;";

const READ: &str = "SELECT owner, version, name, kind, phase, checksum, applied_at, applied_by \
    FROM migration_ledger ORDER BY owner, version";

/// Applies what is missing in one transaction: with a gate what takes something away, without it the rest.
pub(super) async fn migrate(
    engine: &SqliteDocuments,
    (owner, migrations): (&'static str, &[Migration]),
    at_ms: i64,
    gate: Option<&dyn Gate>,
) -> Result<Vec<Contracted>, MigrateError> {
    let ledger_failed = |error| MigrateError::Ledger(refusal(error));
    let mut transaction = engine.begin().await.map_err(ledger_failed)?;
    sqlx::raw_sql(PREPARE).execute(&mut *transaction).await.map_err(ledger_failed)?;
    let rows = sqlx::query(READ).fetch_all(&mut *transaction).await.map_err(ledger_failed)?;
    let ledger = entries(&rows)?;
    let mut done = Vec::new();
    for migration in missing(owner, migrations, &ledger)? {
        let missing = migration.pending(owner);
        if missing.1.is_some() != gate.is_some() {
            continue;
        }
        let contracted = Contracted::asked(gate, missing).await;
        let goes_on = contracted.applied;
        done.push(contracted);
        if !goes_on {
            break;
        }
        let version = migration.version;
        let failed = |source| MigrateError::Failed { owner: owner.to_owned(), version, source };
        for step in migration.steps {
            let sql = AssertSqlSafe(step_sql(step));
            sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(|error| failed(refusal(error)))?;
        }
        note(&mut transaction, &migration.entry(owner, at_ms)).await.map_err(ledger_failed)?;
        fault::at(Place::MigrationBeforeCommit).await;
    }
    transaction.commit().await.map_err(ledger_failed)?;
    Ok(done)
}

pub(super) async fn ledger(
    engine: &SqliteDocuments,
    owner: &'static str,
) -> Result<Vec<LedgerEntry>, MigrateError> {
    let rows = sqlx::query(READ).fetch_all(&engine.pools.reader).await;
    let rows = rows.map_err(|error| MigrateError::Ledger(refusal(error)))?;
    Ok(entries(&rows)?.into_iter().filter(|entry| entry.owner == owner).collect())
}

fn entries(rows: &[SqliteRow]) -> Result<Vec<LedgerEntry>, MigrateError> {
    rows.iter().map(entry).collect::<Result<_, _>>().map_err(MigrateError::Ledger)
}

async fn note(transaction: &mut Transaction<'static, Sqlite>, entry: &LedgerEntry) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO migration_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&entry.owner)
        .bind(entry.version)
        .bind(&entry.name)
        .bind(&entry.kind)
        .bind(&entry.phase)
        .bind(&entry.checksum)
        .bind(entry.applied_at)
        .bind(&entry.by)
        .execute(&mut **transaction)
        .await
        .map(drop)
}

fn entry(row: &SqliteRow) -> Result<LedgerEntry, StoreError> {
    Ok(LedgerEntry {
        owner: row.try_get("owner").map_err(corrupt)?,
        version: row.try_get("version").map_err(corrupt)?,
        name: row.try_get("name").map_err(corrupt)?,
        kind: row.try_get("kind").map_err(corrupt)?,
        phase: row.try_get("phase").map_err(corrupt)?,
        checksum: row.try_get("checksum").map_err(corrupt)?,
        applied_at: row.try_get("applied_at").map_err(corrupt)?,
        by: row.try_get("applied_by").map_err(corrupt)?,
    })
}

fn step_sql(step: &Step) -> String {
    match step {
        Step::Collection(collection) => table_sql(collection),
        Step::Index(collection, index) => index_sql(collection, index),
        Step::DropIndex(_, index) => format!("DROP INDEX IF EXISTS {index}"),
        Step::DropCollection(collection) => format!("DROP TABLE IF EXISTS {collection}"),
    }
}

fn table_sql(collection: &Collection) -> String {
    let kind = |kind| match kind {
        KeyKind::Text => " TEXT",
        KeyKind::Int => " INTEGER",
    };
    let keys: String = collection.keys.iter().flat_map(|key| [", ", key.name, kind(key.kind)]).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS {} \
         (id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL{keys}, body TEXT NOT NULL) STRICT",
        collection.name
    )
}

/// The identifier settles ties in every order, so it ends every index.
fn index_sql(collection: &str, index: &Index) -> String {
    let (unique, tie) = if index.unique { ("UNIQUE ", "") } else { ("", ", id") };
    let columns = index.columns.join(", ");
    format!("CREATE {unique}INDEX IF NOT EXISTS {} ON {collection} ({columns}{tie})", index.name)
}
