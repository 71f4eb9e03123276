//! The ledger in a table, and the runner for both SQL engines.

use super::{
    Contracted, Gate, Kept, Pending, Requirements,
    ledger::{LedgerEntry, MigrateError, Migration, Phase, checksum, plan},
    presence,
};
use crate::{
    error::StoreError,
    fault::{self, Place},
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
    Migration {
        version: 4,
        name: "processes",
        phase: Phase::Expand,
        sqlite: include_str!("../../migrations/sqlite/0004_processes.sql"),
        postgres: include_str!("../../migrations/postgres/0004_processes.sql"),
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

/// Brings a database up to date: this crate's tables, then the service's. What takes something away waits for
/// [`contract`].
pub async fn apply(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    clock: &dyn Clock,
) -> Result<(), MigrateError> {
    for (owner, migrations) in [("kit", KIT), (owner, migrations)] {
        while step(db, owner, migrations, clock, None).await?.is_some() {}
    }
    Ok(())
}

/// Applies the contract steps that a gate lets through, in their order, up to the first that it does not.
pub async fn contract(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    clock: &dyn Clock,
    gate: &dyn Gate,
) -> Result<Vec<Contracted>, MigrateError> {
    let mut done = Vec::new();
    for (owner, migrations) in [("kit", KIT), (owner, migrations)] {
        while let Some(contracted) = step(db, owner, migrations, clock, Some(gate)).await? {
            let goes_on = contracted.applied;
            done.push(contracted);
            if !goes_on {
                return Ok(done);
            }
        }
    }
    Ok(done)
}

/// The migrations that a service applies when it starts and that are not applied, as `owner/version`.
pub async fn pending(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Vec<String>, MigrateError> {
    let ledger = ledger(db).await?;
    let missing = missing(db, owner, migrations, &ledger)?;
    Ok(missing
        .into_iter()
        .filter(|(_, requires)| requires.is_none())
        .map(|(missing, _)| missing.step)
        .collect())
}

/// How the migrations stand, who runs on the database, and what is still in use in it.
pub async fn standing(db: &Db, owner: &'static str, migrations: &[Migration]) -> Result<Kept, MigrateError> {
    let ledger = ledger(db).await?;
    let pending = missing(db, owner, migrations, &ledger)?;
    let processes = presence::processes(db).await.map_err(MigrateError::Ledger)?;
    let minima = presence::minima(db).await.map_err(MigrateError::Ledger)?;
    Ok(Kept { ledger, pending, processes, minima })
}

async fn ledger(db: &Db) -> Result<Vec<LedgerEntry>, MigrateError> {
    let rows = db.rows(&Sql::new(READ)).await.map_err(MigrateError::Ledger)?;
    rows.iter().map(read).collect::<Result<_, _>>().map_err(MigrateError::Ledger)
}

/// What the ledger does not have, of this crate's migrations and of the service's.
fn missing(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    ledger: &[LedgerEntry],
) -> Result<Vec<(Pending, Option<Requirements>)>, MigrateError> {
    let mut missing = Vec::new();
    for (owner, migrations) in [("kit", KIT), (owner, migrations)] {
        let versions = plan(owner, &checksums(db, migrations), ledger)?;
        let missing_here = migrations.iter().filter(|known| versions.contains(&known.version));
        missing.extend(missing_here.map(|known| {
            (Pending::new(owner, known.version, known.name, known.phase), known.phase.requires())
        }));
    }
    Ok(missing)
}

const READ: &str = "SELECT owner, version, name, kind, phase, checksum, applied_at, applied_by \
    FROM migration_ledger ORDER BY owner, version";

/// Applies the next missing migration under the lock: with a gate, the next that takes something away, if the gate lets
/// it through. `None`: there is none.
async fn step(
    db: &Db,
    owner: &'static str,
    migrations: &[Migration],
    clock: &dyn Clock,
    gate: Option<&dyn Gate>,
) -> Result<Option<Contracted>, MigrateError> {
    let mut tx = db.begin().await.map_err(MigrateError::Ledger)?;
    let ledger = lock(db, &mut tx).await.map_err(MigrateError::Ledger)?;
    let missing = plan(owner, &checksums(db, migrations), &ledger)?;
    let mut wanted = migrations.iter().filter(|known| known.phase.requires().is_some() == gate.is_some());
    let next = wanted.find(|known| missing.contains(&known.version));
    let Some(migration) = next else {
        tx.commit().await.map_err(MigrateError::Ledger)?;
        return Ok(None);
    };
    let pending = Pending::new(owner, migration.version, migration.name, migration.phase);
    let contracted = Contracted::asked(gate, (pending, migration.phase.requires())).await;
    if !contracted.applied {
        tx.roll_back().await.map_err(MigrateError::Ledger)?;
        return Ok(Some(contracted));
    }
    let script = migration.script(db.engine());
    let failed =
        |source| MigrateError::Failed { owner: owner.to_owned(), version: migration.version, source };
    tx.script(script).await.map_err(failed)?;
    let entry = migration.entry(owner, db.engine(), clock.now_ms());
    tx.run(&note(&entry)).await.map_err(MigrateError::Ledger)?;
    fault::at(Place::MigrationBeforeCommit).await;
    tx.commit().await.map_err(MigrateError::Ledger)?;
    Ok(Some(contracted))
}

fn note(entry: &LedgerEntry) -> Sql {
    Sql::new("INSERT INTO migration_ledger VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&entry.owner)
        .bind(i64::from(entry.version))
        .bind(&entry.name)
        .bind(&entry.kind)
        .bind(&entry.phase)
        .bind(&entry.checksum)
        .bind(entry.applied_at)
        .bind(&entry.by)
}

/// Takes the lock, makes the ledger if it is not there, and reads it.
async fn lock(db: &Db, tx: &mut Tx) -> Result<Vec<LedgerEntry>, StoreError> {
    if db.engine() == "postgres" {
        tx.script(LOCK).await?;
    }
    tx.script(CREATE_LEDGER).await?;
    tx.rows(&Sql::new(READ)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<LedgerEntry, StoreError> {
    let version =
        u32::try_from(row.int("version")?).map_err(|cause| StoreError::corrupt("version", cause))?;
    Ok(LedgerEntry {
        owner: row.text("owner")?,
        version,
        name: row.text("name")?,
        kind: row.text("kind")?,
        phase: row.text("phase")?,
        checksum: row.text("checksum")?,
        applied_at: row.int("applied_at")?,
        by: row.text("applied_by")?,
    })
}

fn checksums(db: &Db, migrations: &[Migration]) -> Vec<(u32, String)> {
    migrations.iter().map(|known| (known.version, checksum(known.script(db.engine())))).collect()
}
