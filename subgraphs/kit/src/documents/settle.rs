//! Emptying outboxes: each event is projected and archived, then it leaves its document.
//!
//! 1. What an event is turned into, and the event itself in the archive, are stored under identifiers that
//!    the event determines; storing them twice is storing them once.
//! 2. The document is replaced without these events, if nobody has changed it meanwhile. If somebody has,
//!    or the process ends between the two, the events are settled again later.
//!
//! It runs behind each command for that command's document, and from time to time for what was left behind.
//! Where writers are so many that the second step keeps losing, a writer takes settled events out with its
//! own write.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{
    Aggregate, Collection, Document, Documents, Find, Index, KeyColumn, Match, OUTBOX_LIMIT, State, WAITING,
};
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

/// What empties a service's outboxes.
pub struct Settler {
    documents: Arc<dyn Documents>,
    projection: Box<dyn Projection>,
    left_behind: Notify,
}

impl Settler {
    /// For the documents of one engine.
    pub fn new(documents: Arc<dyn Documents>, projection: impl Projection + 'static) -> Self {
        Self { documents, projection: Box::new(projection), left_behind: Notify::new() }
    }

    /// Settles the events of an aggregate that has just been written. What cannot be settled now waits in
    /// the document, and is settled by the next writer or sweep.
    pub async fn settle_behind<S: State>(&self, aggregate: Aggregate<S>) {
        if let Err(error) = self.settle_all(vec![aggregate]).await {
            tracing::warn!(%error, "events wait in their document");
            self.left_behind.notify_one();
        }
    }

    /// Before a write: lets the waiting events of an aggregate leave with that write, if they are many.
    pub(super) async fn relieve<S: State>(&self, aggregate: Aggregate<S>) -> Aggregate<S> {
        let many = aggregate.outbox().len() >= OUTBOX_LIMIT / 4;
        let Some(last) = aggregate.outbox().last().map(|event| event.seq).filter(|_| many) else {
            return aggregate;
        };
        match self.store_made(aggregate.outbox().iter()).await {
            Ok(()) => aggregate.without_events(last),
            Err(error) => {
                tracing::warn!(%error, "events wait in their document");
                aggregate
            }
        }
    }

    /// Settles what waits in a collection, up to a few hundred documents; how many had something waiting.
    pub async fn sweep<S: State>(&self) -> Result<usize, StoreError> {
        let find = Find::first(WAITING, SWEEP, vec![Match::Present(WAITING)]);
        let found = self.documents.find(S::COLLECTION, &find).await?;
        let waiting = found.into_iter().map(Aggregate::<S>::read).collect::<Result<Vec<_>, _>>()?;
        self.settle_all(waiting).await
    }

    /// Returns when a command has left something behind, or after this long: another process may have.
    pub async fn wait(&self, longest: Duration) {
        // Whatever kept the events from being settled needs a moment to pass.
        let told = async {
            self.left_behind.notified().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        // Both outcomes mean the same: look again.
        let _ = tokio::time::timeout(longest, told).await;
    }

    async fn settle_all<S: State>(&self, aggregates: Vec<Aggregate<S>>) -> Result<usize, StoreError> {
        self.store_made(aggregates.iter().flat_map(Aggregate::outbox)).await?;
        let mut emptied = Vec::with_capacity(aggregates.len());
        for aggregate in aggregates {
            if let Some(last) = aggregate.outbox().last().map(|event| event.seq) {
                emptied.push(aggregate.without_events(last).document()?);
            }
        }
        match emptied.as_slice() {
            [document] => self.documents.swap(S::COLLECTION, document).await?.into(),
            several => self.documents.swap_each(S::COLLECTION, several).await?,
        };
        Ok(emptied.len())
    }

    /// Stores what events are turned into, and the events themselves in the archive.
    async fn store_made(&self, events: impl Iterator<Item = &OutboxRow> + Send) -> Result<(), StoreError> {
        let mut made: BTreeMap<&'static str, (&'static Collection, Vec<Document>)> = BTreeMap::new();
        for event in events {
            let archived = (&ARCHIVE, archived(event)?);
            for (collection, document) in self.projection.project(event)?.into_iter().chain([archived]) {
                made.entry(collection.name).or_insert((collection, Vec::new())).1.push(document);
            }
        }
        for (collection, batch) in made.into_values() {
            self.documents.insert_missing(collection, &batch).await?;
        }
        Ok(())
    }
}

fn archived(event: &OutboxRow) -> Result<Document, StoreError> {
    let keys =
        BTreeMap::from([("aggregateId", event.aggregate_id.as_str().into()), ("seq", event.seq.into())]);
    let body = serde_json::to_value(event).map_err(|source| StoreError::corrupt("event", source))?;
    Ok(Document { id: event.event_id.clone(), revision: 0, keys, body })
}
