//! Who runs on a document database, how its migrations stand, and what is still in use in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ARCHIVE, Collection, Document, DocumentOutbox, Documents, Migration, inbox, migration::missing};
use crate::{
    error::StoreError,
    migrate::{
        GONE_MS, Kept, MOST_EVENTS, MigrateError, Minima, ON_ITS_WAY_MS, Process, oldest_schemas, step_name,
    },
};

/// The processes that run on the database; each engine has this collection from the start.
const PROCESSES: Collection = Collection { name: "processes", keys: &[] };

/// Notes that a process runs on this database.
pub(crate) async fn present(documents: &dyn Documents, process: &Process) -> Result<(), StoreError> {
    let (id, now_ms) = (process.id.to_string(), documents.now_ms().await?);
    let body = json!({ "process": process, "seenAt": now_ms });
    let known = documents.get(&PROCESSES, std::slice::from_ref(&id)).await?.into_iter().next();
    let document =
        Document { id, revision: known.map_or(0, |found| found.revision), keys: BTreeMap::new(), body };
    // Nobody else writes this one.
    if document.revision == 0 {
        documents.insert(&PROCESSES, &document).await?;
    } else {
        documents.swap(&PROCESSES, &document).await?;
    }
    let found = documents.scan(&PROCESSES, None, MOST_EVENTS).await?;
    let gone = found.into_iter().filter(|found| is_gone(&found.body, now_ms)).map(|found| found.id);
    let gone: Vec<String> = gone.collect();
    if gone.is_empty() { Ok(()) } else { documents.remove(&PROCESSES, &gone).await }
}

fn is_gone(body: &Value, now_ms: i64) -> bool {
    body["seenAt"].as_i64().is_none_or(|seen_at| seen_at < now_ms - GONE_MS)
}

/// The migrations that a service applies when it starts and that are not applied, as `owner/version`.
pub(crate) async fn pending(
    documents: &dyn Documents,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Vec<String>, MigrateError> {
    let missing = missing(owner, migrations, &documents.ledger(owner).await?)?;
    let missing = missing.into_iter().filter(|migration| migration.phase.requires().is_none());
    Ok(missing.map(|migration| step_name(owner, migration.version)).collect())
}

/// How the migrations stand, who runs on the database, and what is still in use in it.
pub(crate) async fn standing(
    documents: &dyn Documents,
    outbox: &DocumentOutbox,
    owner: &'static str,
    migrations: &[Migration],
) -> Result<Kept, MigrateError> {
    let ledger = documents.ledger(owner).await?;
    let pending = missing(owner, migrations, &ledger)?.iter().map(|missing| missing.pending(owner)).collect();
    let processes = processes(documents).await.map_err(MigrateError::Ledger)?;
    let minima = minima(documents, outbox).await.map_err(MigrateError::Ledger)?;
    Ok(Kept { ledger, pending, processes, minima })
}

async fn processes(documents: &dyn Documents) -> Result<Vec<Process>, StoreError> {
    let now_ms = documents.now_ms().await?;
    let mut found = documents.scan(&PROCESSES, None, MOST_EVENTS).await?;
    found.retain(|found| !is_gone(&found.body, now_ms));
    let read = |mut found: super::Found| serde_json::from_value(found.body["process"].take());
    found
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|cause| StoreError::corrupt("processes", cause))
}

async fn minima(documents: &dyn Documents, outbox: &DocumentOutbox) -> Result<Minima, StoreError> {
    let mut events = outbox.waiting_events().await?;
    events.extend(left_lately(documents).await?);
    events.extend(inbox::stored(documents, MOST_EVENTS + 1).await?);
    Ok(Minima {
        event_schemas: oldest_schemas(events.iter().map(String::as_str)),
        saga_definitions: None,
        documents: outbox.oldest_schemas().await?,
    })
}

/// The events that a bus may still give out. They are archived under identifiers that begin with the time.
async fn left_lately(documents: &dyn Documents) -> Result<Vec<String>, StoreError> {
    let since = (documents.now_ms().await? - ON_ITS_WAY_MS).max(0);
    let first = format!("{:08x}-{:04x}-", since >> 16, since & 0xffff);
    let found = documents.scan(&ARCHIVE, Some(&first), MOST_EVENTS + 1).await?;
    Ok(found.iter().filter_map(|found| found.body["body"].as_str().map(str::to_owned)).collect())
}
