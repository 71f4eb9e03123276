//! The outboxes of documents: each event waits in the document that it changed.
//!
//! 1. Behind each command, what its events are turned into (such as a log) is stored under identifiers that
//!    the events determine; storing them twice is storing them once.
//! 2. The relay claims a document by a lease and a fence inside it, and publishes its events.
//! 3. What has left is projected once more, archived, and taken out of the document, where the fence still
//!    stands. If the process ends in between, it is sent again.
//!
//! A document that cannot be read, or whose events cannot be projected, is set aside behind all others, and
//! looked at again with each purge. Commands' answers wait among the events; they are neither projected nor
//! archived.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::{
    ARCHIVE, Aggregate, Collection, Document, Documents, State,
    drawer::{Drawer, DrawerOf},
    few::few_at_once,
};
use crate::{
    changes::{Changes, Page, of_place, place},
    error::StoreError,
    event::OutboxRow,
    outbox::{Backlog, Claim, ClaimOptions, Outbox, Settlement, Wake},
};

/// What a service makes of an event: documents whose identifiers the event determines.
#[async_trait]
pub trait Projection: Send + Sync {
    /// The documents, each with its collection. It is asked behind the command, and again before the event leaves: whatever
    /// ends in between, it has seen each event. So it may also mend what a command was too late to see.
    async fn project(
        &self,
        documents: &dyn Documents,
        event: &OutboxRow,
    ) -> Result<Vec<(&'static Collection, Document)>, StoreError>;
}

/// The outboxes of a service's documents.
pub struct DocumentOutbox {
    pub(super) documents: Arc<dyn Documents>,
    projection: Box<dyn Projection>,
    drawers: Vec<Box<dyn Drawer>>,
    wake: Wake,
}

impl DocumentOutbox {
    /// For the documents of one engine.
    pub fn new(documents: Arc<dyn Documents>, projection: impl Projection + 'static) -> Self {
        Self { documents, projection: Box::new(projection), drawers: Vec::new(), wake: Wake::default() }
    }

    /// With the collection of these aggregates.
    #[must_use]
    pub fn over<S: State>(mut self) -> Self {
        self.drawers.push(Box::new(DrawerOf::<S>::new()));
        self.drawers.sort_by_key(|drawer| drawer.name());
        self
    }

    /// Told when a command has left something to send.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Behind a command: projects the events of what it wrote. What cannot be projected now is projected
    /// before it leaves.
    pub async fn written<S: State>(&self, aggregates: &[Aggregate<S>]) {
        let made = self.store_made(aggregates.iter().flat_map(Aggregate::outbox), Keep::Projected).await;
        if let Err(error) = made {
            tracing::warn!(%error, "events are projected when they leave");
        }
        self.wake.tell();
    }

    /// Lets the relay try again what was set aside.
    pub async fn reconsider(&self) -> Result<(), StoreError> {
        for drawer in &self.drawers {
            drawer.reconsider(self).await?;
        }
        Ok(())
    }

    /// Stores what events are turned into, and, when they have left, the events themselves.
    pub(super) async fn store_made(
        &self,
        events: impl Iterator<Item = &OutboxRow> + Send,
        keep: Keep,
    ) -> Result<(), StoreError> {
        let mut made: BTreeMap<&'static str, (&'static Collection, Vec<Document>)> = BTreeMap::new();
        for event in events.filter(|event| event.topic.is_none()) {
            let archived = (keep == Keep::Archived).then(|| archived(event)).transpose()?;
            let archived = archived.map(|document| (&ARCHIVE, document));
            for (collection, document) in
                self.projection.project(self.documents.as_ref(), event).await?.into_iter().chain(archived)
            {
                made.entry(collection.name).or_insert((collection, Vec::new())).1.push(document);
            }
        }
        for (collection, batch) in made.into_values() {
            self.documents.insert_missing(collection, &batch).await?;
        }
        Ok(())
    }

    /// Stores documents of an older form in that of now.
    pub async fn upgrade(&self) -> Result<(), StoreError> {
        for drawer in &self.drawers {
            drawer.upgrade(self).await?;
        }
        Ok(())
    }

    /// The oldest schema of each collection that holds documents.
    pub(super) async fn oldest_schemas(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        let mut oldest = BTreeMap::new();
        for drawer in &self.drawers {
            oldest.extend(drawer.oldest_schema(self).await?.map(|schema| (drawer.name().to_owned(), schema)));
        }
        Ok(oldest)
    }

    /// The events that wait to leave, in JSON.
    pub(super) async fn waiting_events(&self) -> Result<Vec<String>, StoreError> {
        let mut waiting = Vec::new();
        for drawer in &self.drawers {
            waiting.extend(drawer.waiting_events(self).await?);
        }
        Ok(waiting)
    }

    pub(super) fn told(&self) -> impl Iterator<Item = &dyn Drawer> {
        self.drawers.iter().map(AsRef::as_ref).filter(|drawer| drawer.is_told())
    }

    fn drawer(&self, name: &str) -> Option<&dyn Drawer> {
        self.drawers.iter().find(|drawer| drawer.name() == name).map(AsRef::as_ref)
    }
}

/// How much of an event is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// What it is turned into.
    Projected,
    /// The event as well.
    Archived,
}

#[async_trait]
impl Outbox for DocumentOutbox {
    async fn claim(&self, options: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        let mut claims = Vec::new();
        for drawer in &self.drawers {
            claims.extend(drawer.claim(self, options).await?);
        }
        Ok(claims)
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<usize, StoreError> {
        let settling: Vec<_> = settlements
            .iter()
            .filter_map(|settlement| {
                Some(self.drawer(&settlement.aggregate.aggregate_type)?.settle(self, settlement))
            })
            .collect();
        Ok(few_at_once(settling).await?.into_iter().filter(|settled| *settled).count())
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut whole = Backlog::default();
        for drawer in &self.drawers {
            let part = drawer.backlog(self).await?;
            whole.events += part.events;
            whole.stuck += part.stuck;
            whole.oldest_ms = whole.oldest_ms.max(part.oldest_ms);
        }
        Ok(whole)
    }
}

#[async_trait]
impl Changes for DocumentOutbox {
    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Page, StoreError> {
        let (name, after) = of_place(from.unwrap_or_default());
        let mut page = Page::default();
        for drawer in self.told().filter(|drawer| drawer.name() >= name) {
            let room = limit - u32::try_from(page.changes.len()).unwrap_or(limit);
            let after = (drawer.name() == name).then_some(after);
            let latest = drawer.scan(self, after, room).await?;
            let last = latest.last().map(|(id, _)| place(drawer.name(), id));
            let full = latest.len() == usize::try_from(room).unwrap_or(usize::MAX);
            page.changes.extend(latest.into_iter().filter_map(|(_, body)| body));
            if full {
                page.next = last;
                break;
            }
        }
        Ok(page)
    }

    async fn of(&self, stream: &str) -> Result<Option<String>, StoreError> {
        // The type of an aggregate is not the name of its collection: whoever has the identifier has it.
        let (aggregate_type, id) = of_place(stream);
        for drawer in self.told() {
            let Some(body) = drawer.latest(self, id).await? else { continue };
            let event = crate::event::Envelope::as_written(body.as_bytes());
            let event = event.map_err(|source| StoreError::corrupt("event", source))?;
            if event.data.aggregate == aggregate_type {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }
}

fn archived(event: &OutboxRow) -> Result<Document, StoreError> {
    let keys =
        BTreeMap::from([("aggregateId", event.aggregate_id.as_str().into()), ("seq", event.seq.into())]);
    let body = serde_json::to_value(event).map_err(|source| StoreError::corrupt("event", source))?;
    Ok(Document { id: event.event_id.clone(), revision: 0, keys, body })
}
