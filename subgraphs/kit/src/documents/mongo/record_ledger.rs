//! The ledger of migrations in a collection, and the steps as commands. The protocol has no transaction for
//! them, so each step may run twice, and the ledger's record is written when all have run.

use std::time::Duration;

use mongodb::{
    Collection as Records, IndexModel,
    bson::{Document as Fields, deserialize_from_document, doc, serialize_to_document},
    error::ErrorKind,
    options::IndexOptions,
};

use super::{MongoDocuments, collect, corrupt, is_duplicate, refusal};
use crate::{
    StoreError,
    documents::{Index, Migration, Step, migration::missing},
    fault::{self, Place},
    migrate::{Contracted, Gate, LedgerEntry, MigrateError},
    sources::ms,
};

/// The server's code for a collection that is there already.
const NAMESPACE_EXISTS: i32 = 48;
/// The server's codes for a collection or an index that is not there.
const GONE: [i32; 2] = [26, 27];
/// A holder that has kept the lock for so long is gone.
const LOCK_LIFETIME_MS: i64 = 60_000;
/// How long to wait between two tries to take the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// Applies what is missing under the lock: with a gate what takes something away, without it the rest.
pub(super) async fn migrate(
    engine: &MongoDocuments,
    (owner, migrations): (&'static str, &[Migration]),
    at_ms: i64,
    gate: Option<&dyn Gate>,
) -> Result<Vec<Contracted>, MigrateError> {
    if wanted(engine, (owner, migrations), gate).await?.is_empty() {
        return Ok(Vec::new());
    }
    lock(engine, at_ms).await.map_err(MigrateError::Ledger)?;
    let applied = apply(engine, (owner, migrations), at_ms, gate).await;
    unlock(engine).await.map_err(MigrateError::Ledger)?;
    applied
}

pub(super) async fn ledger(
    engine: &MongoDocuments,
    owner: &'static str,
) -> Result<Vec<LedgerEntry>, MigrateError> {
    let mut entries = read(engine, owner).await.map_err(MigrateError::Ledger)?;
    entries.sort_by_key(|entry| entry.version);
    Ok(entries)
}

async fn wanted<'m>(
    engine: &MongoDocuments,
    (owner, migrations): (&'static str, &'m [Migration]),
    gate: Option<&dyn Gate>,
) -> Result<Vec<&'m Migration>, MigrateError> {
    let mut missing = missing(owner, migrations, &ledger(engine, owner).await?)?;
    missing.retain(|migration| migration.phase.requires().is_some() == gate.is_some());
    Ok(missing)
}

async fn apply(
    engine: &MongoDocuments,
    (owner, migrations): (&'static str, &[Migration]),
    at_ms: i64,
    gate: Option<&dyn Gate>,
) -> Result<Vec<Contracted>, MigrateError> {
    let mut done = Vec::new();
    for migration in wanted(engine, (owner, migrations), gate).await? {
        let contracted = Contracted::asked(gate, migration.pending(owner)).await;
        let goes_on = contracted.applied;
        done.push(contracted);
        if !goes_on {
            break;
        }
        let version = migration.version;
        for step in migration.steps {
            let failed = |source| MigrateError::Failed { owner: owner.to_owned(), version, source };
            run_step(engine, step).await.map_err(failed)?;
        }
        fault::at(Place::MigrationBeforeCommit).await;
        note(engine, &migration.entry(owner, at_ms)).await.map_err(MigrateError::Ledger)?;
    }
    Ok(done)
}

/// Of two processes that start at once, one migrates and the other waits.
async fn lock(engine: &MongoDocuments, now_ms: i64) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        let locks = locks_of(engine);
        let record = doc! { "_id": "migrations", "since": now_ms };
        match engine.attempt(async move { locks.insert_one(record).await }).await? {
            Ok(_) => return Ok(()),
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(refusal(error)),
        }
        let locks = locks_of(engine);
        let waited_ms = ms(waited);
        let stale = doc! { "_id": "migrations", "since": { "$lt": now_ms + waited_ms - LOCK_LIFETIME_MS } };
        engine.run(async move { locks.delete_one(stale).await }).await?;
        tokio::time::sleep(LOCK_PAUSE).await;
        waited += LOCK_PAUSE;
    }
}

async fn unlock(engine: &MongoDocuments) -> Result<(), StoreError> {
    let locks = locks_of(engine);
    engine.run(async move { locks.delete_one(doc! { "_id": "migrations" }).await }).await.map(drop)
}

fn locks_of(engine: &MongoDocuments) -> Records<Fields> {
    engine.database.collection("locks")
}

fn ledger_of(engine: &MongoDocuments) -> Records<Fields> {
    engine.database.collection("migration_ledger")
}

async fn read(engine: &MongoDocuments, owner: &'static str) -> Result<Vec<LedgerEntry>, StoreError> {
    let ledger = ledger_of(engine);
    let records =
        engine.run(async move { collect(ledger.find(doc! { "owner": owner }).await?).await }).await?;
    records.into_iter().map(|record| deserialize_from_document(record).map_err(corrupt)).collect()
}

async fn note(engine: &MongoDocuments, entry: &LedgerEntry) -> Result<(), StoreError> {
    let ledger = ledger_of(engine);
    let id = format!("{}/{:04}", entry.owner, entry.version);
    let mut record = serialize_to_document(entry).map_err(corrupt)?;
    record.insert("_id", &id);
    let replace = async move { ledger.replace_one(doc! { "_id": id }, record).upsert(true).await };
    engine.run(replace).await.map(drop)
}

async fn run_step(engine: &MongoDocuments, step: &Step) -> Result<(), StoreError> {
    match step {
        Step::Collection(collection) => {
            let (database, name) = (engine.database.clone(), collection.name);
            match engine.attempt(async move { database.create_collection(name).await }).await? {
                Err(error) if exists(&error) => Ok(()),
                answer => answer.map_err(refusal),
            }
        }
        Step::Index(collection, index) => {
            let records: Records<Fields> = engine.database.collection(collection);
            let model = model(index);
            engine.run(async move { records.create_index(model).await }).await.map(drop)
        }
        Step::DropIndex(collection, index) => {
            let (records, index): (Records<Fields>, _) = (engine.database.collection(collection), *index);
            match engine.attempt(async move { records.drop_index(index).await }).await? {
                Err(error) if is_gone(&error) => Ok(()),
                answer => answer.map_err(refusal),
            }
        }
        Step::DropCollection(collection) => {
            let records: Records<Fields> = engine.database.collection(collection);
            engine.run(async move { records.drop().await }).await
        }
    }
}

/// The identifier settles ties in every order, so it ends every index.
fn model(index: &Index) -> IndexModel {
    let mut keys: Fields = index.columns.iter().map(|&column| (column.to_owned(), 1.into())).collect();
    if !index.unique {
        keys.insert("_id", 1);
    }
    let options = IndexOptions::builder().name(index.name.to_owned()).unique(index.unique).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn is_gone(error: &mongodb::error::Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if GONE.contains(&command.code))
}

fn exists(error: &mongodb::error::Error) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == NAMESPACE_EXISTS)
}
