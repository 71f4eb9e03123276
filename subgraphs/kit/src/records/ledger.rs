//! The ledger of migrations in records.

use super::{
    Records,
    desk::{put, read},
};
use crate::{
    fault::{self, Place},
    migrate::{
        Contracted, Gate, Kept, LedgerEntry, MigrateError, Pending, Phase, Requirements, checksum, plan,
        release, step_name,
    },
};

/// One migration, with its script in whatever language the engine's adapter reads.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Counts from 1 without a gap in each owner.
    pub version: u32,
    /// What it is for.
    pub name: &'static str,
    /// What it does to code that is older or newer.
    pub phase: Phase,
    /// What the engine is told to do ([`Records::run`]).
    pub script: &'static str,
}

impl Migration {
    fn pending(&self, owner: &str) -> (Pending, Option<Requirements>) {
        (Pending::new(owner, self.version, self.name, self.phase), self.phase.requires())
    }

    fn entry(&self, owner: &str, at_ms: i64) -> LedgerEntry {
        LedgerEntry {
            owner: owner.to_owned(),
            version: self.version,
            name: self.name.to_owned(),
            kind: "records".to_owned(),
            phase: self.phase.as_str().to_owned(),
            checksum: checksum(self.script),
            applied_at: at_ms,
            by: format!("lms {}", release()),
        }
    }
}

/// Applies this owner's missing migrations in order: with a gate those that take something away, up to the first that it
/// does not let through, without it the others. Nobody else has the engine open, so there is no lock.
pub async fn migrate<R: Records>(
    records: &R,
    (owner, migrations): (&'static str, &[Migration]),
    at_ms: i64,
    gate: Option<&dyn Gate>,
) -> Result<Vec<Contracted>, MigrateError> {
    let mut done = Vec::new();
    for migration in missing(owner, migrations, &ledger(records, owner).await?)? {
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
        records.run(migration.script).await.map_err(failed)?;
        fault::at(Place::MigrationBeforeCommit).await;
        let row = put(format!("{}{version:04}", of_owner(owner)), &migration.entry(owner, at_ms));
        records.commit(&[row], R::Effects::default()).await.map_err(MigrateError::Ledger)?;
    }
    Ok(done)
}

/// The migrations that a service applies when it starts and that are not applied, as `owner/version`.
pub(super) async fn pending<R: Records>(
    records: &R,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Vec<String>, MigrateError> {
    let missing = missing(owner, migrations, &ledger(records, owner).await?)?;
    let missing = missing.into_iter().filter(|migration| migration.phase.requires().is_none());
    Ok(missing.map(|migration| step_name(owner, migration.version)).collect())
}

/// How the migrations stand; the only process is the one that asks.
pub(super) async fn standing<R: Records>(
    records: &R,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Kept, MigrateError> {
    let ledger = ledger(records, owner).await?;
    let pending = missing(owner, migrations, &ledger)?.iter().map(|missing| missing.pending(owner)).collect();
    Ok(Kept { ledger, pending, ..Kept::default() })
}

async fn ledger<R: Records>(records: &R, owner: &'static str) -> Result<Vec<LedgerEntry>, MigrateError> {
    let rows = records.scan(&of_owner(owner)).await.map_err(MigrateError::Ledger)?;
    rows.values().map(|text| read(text)).collect::<Result<_, _>>().map_err(MigrateError::Ledger)
}

fn missing<'m>(
    owner: &'static str,
    migrations: &'m [Migration],
    ledger: &[LedgerEntry],
) -> Result<Vec<&'m Migration>, MigrateError> {
    let here: Vec<_> = migrations.iter().map(|known| (known.version, checksum(known.script))).collect();
    let versions = plan(owner, &here, ledger)?;
    Ok(migrations.iter().filter(|known| versions.contains(&known.version)).collect())
}

fn of_owner(owner: &str) -> String {
    format!("migration {owner} ")
}
