//! The ledger in a table, and the runner for both SQL engines.

use super::ledger::{Applied, MigrateError, Migration, Phase, checksum, plan};
use crate::{
    error::StoreError,
    sources::Clock,
    sql::{Db, Row, Sql, Tx},
};

/// The tables of this crate: outbox, inbox, idempotency and the steps of sagas.
const KIT: &[Migration] = &[
    Migration {
        version: 1,
        name: "outbox_and_idempotency",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0001_outbox_and_idempotency.sql"),
        postgres: include_str!("../../migrations/postgres/0001_outbox_and_idempotency.sql"),
    },
    Migration {
        version: 2,
        name: "relay_and_inbox",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0002_relay_and_inbox.sql"),
        postgres: include_str!("../../migrations/postgres/0002_relay_and_inbox.sql"),
    },
    Migration {
        version: 3,
        name: "saga_steps_and_claims",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0003_saga_steps_and_claims.sql"),
        postgres: include_str!("../../migrations/postgres/0003_saga_steps_and_claims.sql"),
    },
];

const CREATE_LEDGER: &str = "CREATE TABLE IF NOT EXISTS migration_ledger (
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT NOT NULL,
    PRIMARY KEY (owner, version)
)";

/// Held by PostgreSQL until the transaction ends; SQLite's transaction is the lock itself.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7163370017)";

/// Brings a database up to date: this crate's tables, then the service's.
pub async fn apply(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    clock: &dyn Clock,
) -> Result<(), MigrateError> {
    for (owner, migrations) in [("kit", KIT), (owner, migrations)] {
        while step(db, owner, migrations, clock).await? {}
    }
    Ok(())
}

/// The migrations that are not applied, as `owner/version`.
pub async fn pending(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Vec<String>, MigrateError> {
    let rows = db.rows(&Sql::new(READ)).await.map_err(MigrateError::Ledger)?;
    let ledger = rows.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(MigrateError::Ledger)?;
    let mut missing = Vec::new();
    for (owner, migrations) in [("kit", KIT), (owner, migrations)] {
        let versions = plan(owner, &checksums(db, migrations), &ledger)?;
        missing.extend(versions.into_iter().map(|version| format!("{owner}/{version:04}")));
    }
    Ok(missing)
}

const READ: &str = "SELECT owner, version, checksum FROM migration_ledger ORDER BY owner, version";

/// Applies the next missing migration under the lock; whether there was one.
async fn step(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    clock: &dyn Clock,
) -> Result<bool, MigrateError> {
    let mut tx = db.begin().await.map_err(MigrateError::Ledger)?;
    let ledger = lock(db, &mut tx).await.map_err(MigrateError::Ledger)?;
    let missing = plan(owner, &checksums(db, migrations), &ledger)?;
    let next = missing.first().and_then(|&version| migrations.iter().find(|known| known.version == version));
    if let Some(migration) = next {
        let version = migration.version;
        let script = migration.script(db.engine());
        let failed = |source| MigrateError::Failed { owner: owner.to_owned(), version, source };
        tx.script(script).await.map_err(failed)?;
        let row = Sql::new("INSERT INTO migration_ledger VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(owner)
            .bind(i64::from(version))
            .bind(migration.name)
            .bind("sql")
            .bind(migration.phase.as_str())
            .bind(checksum(script))
            .bind(clock.now_ms())
            .bind(concat!("lms ", env!("CARGO_PKG_VERSION")));
        tx.run(&row).await.map_err(MigrateError::Ledger)?;
    }
    tx.commit().await.map_err(MigrateError::Ledger)?;
    Ok(next.is_some())
}

/// Takes the lock, makes the ledger if it is not there, and reads it.
async fn lock(db: &Db, tx: &mut Tx) -> Result<Vec<Applied>, StoreError> {
    if db.engine() == "postgres" {
        tx.script(LOCK).await?;
    }
    tx.script(CREATE_LEDGER).await?;
    tx.rows(&Sql::new(READ)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Applied, StoreError> {
    let version =
        u32::try_from(row.int("version")?).map_err(|cause| StoreError::corrupt("version", cause))?;
    Ok(Applied { owner: row.text("owner")?, version, checksum: row.text("checksum")? })
}

fn checksums(db: &Db, migrations: &[Migration]) -> Vec<(u32, String)> {
    migrations.iter().map(|known| (known.version, checksum(known.script(db.engine())))).collect()
}
