//! The ledger of migrations in a table, and the steps as SQL; a migration and its row are one transaction.

use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::{SqliteDocuments, corrupt, refusal};
use crate::{
    StoreError,
    documents::{
        Collection, Index, Migration, Step,
        migration::{missing, missing_names},
    },
    migrate::{Applied, LedgerEntry, MigrateError},
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
CREATE TABLE IF NOT EXISTS counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;";

const READ: &str = "SELECT owner, version, checksum FROM migration_ledger";

pub(super) async fn migrate(
    engine: &SqliteDocuments,
    owner: &'static str,
    migrations: &[Migration],
    at_ms: i64,
) -> Result<(), MigrateError> {
    let ledger_failed = |error| MigrateError::Ledger(refusal(error));
    let mut transaction = engine.begin().await.map_err(ledger_failed)?;
    sqlx::raw_sql(PREPARE).execute(&mut *transaction).await.map_err(ledger_failed)?;
    let rows = sqlx::query(READ).fetch_all(&mut *transaction).await.map_err(ledger_failed)?;
    let ledger = rows.iter().map(applied).collect::<Result<Vec<_>, _>>().map_err(MigrateError::Ledger)?;
    for migration in missing(owner, migrations, &ledger)? {
        let version = migration.version;
        let failed = |source| MigrateError::Failed { owner: owner.to_owned(), version, source };
        for step in migration.steps {
            let sql = AssertSqlSafe(step_sql(step));
            sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(|error| failed(refusal(error)))?;
        }
        note(&mut transaction, &migration.entry(owner, at_ms)).await.map_err(ledger_failed)?;
    }
    transaction.commit().await.map_err(ledger_failed)
}

pub(super) async fn pending(
    engine: &SqliteDocuments,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Vec<String>, MigrateError> {
    let rows = sqlx::query(READ).fetch_all(&engine.pools.reader).await;
    let rows = rows.map_err(|error| MigrateError::Ledger(refusal(error)))?;
    let ledger = rows.iter().map(applied).collect::<Result<Vec<_>, _>>().map_err(MigrateError::Ledger)?;
    missing_names(owner, migrations, &ledger)
}

async fn note(transaction: &mut Transaction<'static, Sqlite>, entry: &LedgerEntry) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO migration_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(&entry.owner)
        .bind(entry.version)
        .bind(&entry.name)
        .bind(&entry.kind)
        .bind(entry.phase.as_str())
        .bind(&entry.checksum)
        .bind(entry.applied_at)
        .bind(&entry.by)
        .execute(&mut **transaction)
        .await
        .map(drop)
}

fn applied(row: &SqliteRow) -> Result<Applied, StoreError> {
    Ok(Applied {
        owner: row.try_get("owner").map_err(corrupt)?,
        version: row.try_get("version").map_err(corrupt)?,
        checksum: row.try_get("checksum").map_err(corrupt)?,
    })
}

fn step_sql(step: &Step) -> String {
    match step {
        Step::Collection(collection) => table_sql(collection),
        Step::Index(collection, index) => index_sql(collection, index),
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
