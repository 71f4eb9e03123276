//! Emptying outboxes: each event is projected and archived, then it leaves its document.
//!
//! 1. What an event is turned into, and the event itself in the archive, are stored under identifiers that
//!    the event determines; storing them twice is storing them once.
//! 2. The document is replaced without these events, if nobody has changed it meanwhile. If somebody has,
//!    or the process ends between the two, the events are settled again later.
//!
//! It runs behind each command for that command's document, and from time to time for what was left behind.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Aggregate, Collection, Document, Documents, Find, Index, KeyColumn, Match, State, WAITING};
use crate::{StoreError, event::OutboxRow};

/// Events that have left their documents, under their own identifiers.
pub const ARCHIVE: Collection =
    Collection { name: "events", keys: &[KeyColumn::text("aggregateId"), KeyColumn::integer("seq")] };

/// One aggregate's archived events in order.
pub const ARCHIVE_BY_AGGREGATE: Index =
    Index { name: "events_by_aggregate", columns: &["aggregateId", "seq"], unique: false };

/// How many documents one sweep takes at once.
const SWEEP: u32 = 200;

/// What a service makes of an event: documents whose identifiers the event determines.
pub trait Projection: Send + Sync {
    /// The documents, each with its collection.
    fn project(&self, event: &OutboxRow) -> Result<Vec<(&'static Collection, Document)>, StoreError>;
}

/// Settles one aggregate's events.
pub async fn settle<S: State>(
    documents: &dyn Documents,
    projection: &dyn Projection,
    aggregate: Aggregate<S>,
) -> Result<(), StoreError> {
    settle_all(documents, projection, vec![aggregate]).await.map(drop)
}

/// Settles what waits in a collection, up to a few hundred documents; how many had something waiting.
pub async fn sweep<S: State>(
    documents: &dyn Documents,
    projection: &dyn Projection,
) -> Result<usize, StoreError> {
    let find = Find::first(WAITING, SWEEP, vec![Match::Present(WAITING)]);
    let found = documents.find(S::COLLECTION, &find).await?;
    let waiting = found.into_iter().map(Aggregate::<S>::read).collect::<Result<Vec<_>, _>>()?;
    settle_all(documents, projection, waiting).await
}

/// Sweeps a collection whenever this much time has passed, for ever.
pub async fn keep_sweeping<S: State>(
    documents: Arc<dyn Documents>,
    projection: Arc<dyn Projection>,
    pause: Duration,
) {
    loop {
        match sweep::<S>(documents.as_ref(), projection.as_ref()).await {
            Ok(0) => tokio::time::sleep(pause).await,
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => {
                tracing::warn!(collection = S::COLLECTION.name, %error, "events could not be settled");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn settle_all<S: State>(
    documents: &dyn Documents,
    projection: &dyn Projection,
    aggregates: Vec<Aggregate<S>>,
) -> Result<usize, StoreError> {
    let mut made: BTreeMap<&'static str, (&'static Collection, Vec<Document>)> = BTreeMap::new();
    for event in aggregates.iter().flat_map(Aggregate::outbox) {
        let archived = (&ARCHIVE, archived(event)?);
        for (collection, document) in projection.project(event)?.into_iter().chain([archived]) {
            made.entry(collection.name).or_insert((collection, Vec::new())).1.push(document);
        }
    }
    for (collection, batch) in made.into_values() {
        documents.insert_missing(collection, &batch).await?;
    }
    let mut emptied = Vec::with_capacity(aggregates.len());
    for aggregate in aggregates {
        if let Some(last) = aggregate.outbox().last().map(|event| event.seq) {
            emptied.push(aggregate.without_events(last).document()?);
        }
    }
    match emptied.as_slice() {
        [document] => documents.swap(S::COLLECTION, document).await?.into(),
        documents_left => documents.swap_each(S::COLLECTION, documents_left).await?,
    };
    Ok(emptied.len())
}

fn archived(event: &OutboxRow) -> Result<Document, StoreError> {
    let keys =
        BTreeMap::from([("aggregateId", event.aggregate_id.as_str().into()), ("seq", event.seq.into())]);
    let body = serde_json::to_value(event).map_err(|source| StoreError::corrupt("event", source))?;
    Ok(Document { id: event.event_id.clone(), revision: 0, keys, body })
}
