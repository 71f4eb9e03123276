//! The outboxes of documents: each event waits in the document that it changed.
//!
//! 1. Behind each command, what its events are turned into (such as a log) is stored under identifiers that
//!    the events determine; storing them twice is storing them once.
//! 2. The relay claims a document by a lease and a fence inside it, and publishes its events.
//! 3. What has left is projected once more, archived, and taken out of the document, where the fence still
//!    stands. If the process ends in between, it is sent again.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use async_trait::async_trait;

use super::{Aggregate, Collection, Document, Documents, Find, Index, KeyColumn, Match, State, WAITING};
use crate::{
    changes::{Changes, Page, of_place, place},
    error::StoreError,
    event::OutboxRow,
    outbox::{Backlog, Claim, ClaimOptions, Outbox, Settlement, Wake},
};

/// Events that have left their documents, under their own identifiers.
pub const ARCHIVE: Collection =
    Collection { name: "events", keys: &[KeyColumn::text("aggregateId"), KeyColumn::integer("seq")] };

/// One aggregate's archived events in order.
pub const ARCHIVE_BY_AGGREGATE: Index =
    Index { name: "events_by_aggregate", columns: &["aggregateId", "seq"], unique: false };

/// How often the relay may lose a document to writers before it leaves the rest to its next claim.
const ATTEMPTS: usize = 50;
/// How many documents are counted at most when a backlog is asked for.
const COUNTED: u32 = 10_000;

/// What a service makes of an event: documents whose identifiers the event determines.
pub trait Projection: Send + Sync {
    /// The documents, each with its collection.
    fn project(&self, event: &OutboxRow) -> Result<Vec<(&'static Collection, Document)>, StoreError>;
}

/// The outboxes of a service's documents.
pub struct DocumentOutbox {
    documents: Arc<dyn Documents>,
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
        self.drawers.push(Box::new(DrawerOf::<S>(PhantomData)));
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

    /// Stores what events are turned into, and, when they have left, the events themselves.
    async fn store_made(
        &self,
        events: impl Iterator<Item = &OutboxRow> + Send,
        keep: Keep,
    ) -> Result<(), StoreError> {
        let mut made: BTreeMap<&'static str, (&'static Collection, Vec<Document>)> = BTreeMap::new();
        for event in events {
            let archived = (keep == Keep::Archived).then(|| archived(event)).transpose()?;
            let archived = archived.map(|document| (&ARCHIVE, document));
            for (collection, document) in self.projection.project(event)?.into_iter().chain(archived) {
                made.entry(collection.name).or_insert((collection, Vec::new())).1.push(document);
            }
        }
        for (collection, batch) in made.into_values() {
            self.documents.insert_missing(collection, &batch).await?;
        }
        Ok(())
    }

    fn drawer(&self, name: &str) -> Option<&dyn Drawer> {
        self.drawers.iter().find(|drawer| drawer.name() == name).map(AsRef::as_ref)
    }
}

/// How much of an event is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// What it is turned into.
    Projected,
    /// The event as well.
    Archived,
}

/// One collection's part, without its type.
#[async_trait]
trait Drawer: Send + Sync {
    fn name(&self) -> &'static str;
    async fn claim(&self, outbox: &DocumentOutbox, options: ClaimOptions) -> Result<Vec<Claim>, StoreError>;
    async fn settle(&self, outbox: &DocumentOutbox, of: &Settlement) -> Result<bool, StoreError>;
    async fn backlog(&self, outbox: &DocumentOutbox) -> Result<Backlog, StoreError>;
    async fn latest(&self, outbox: &DocumentOutbox, id: &str) -> Result<Option<String>, StoreError>;
    async fn scan(
        &self,
        outbox: &DocumentOutbox,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Option<String>)>, StoreError>;
}

struct DrawerOf<S>(PhantomData<fn() -> S>);

impl<S: State> DrawerOf<S> {
    async fn read(outbox: &DocumentOutbox, id: &str) -> Result<Option<Aggregate<S>>, StoreError> {
        let found = outbox.documents.get(S::COLLECTION, &[id.to_owned()]).await?;
        found.into_iter().next().map(Aggregate::read).transpose()
    }

    async fn waiting(outbox: &DocumentOutbox, limit: u32) -> Result<Vec<Aggregate<S>>, StoreError> {
        let find = Find::first(WAITING, limit, vec![Match::Present(WAITING)]);
        let found = outbox.documents.find(S::COLLECTION, &find).await?;
        found.into_iter().map(Aggregate::read).collect()
    }

    /// Claims one document, if nobody else has; writers that are faster are followed.
    async fn claim_one(
        outbox: &DocumentOutbox,
        mut aggregate: Aggregate<S>,
        now_ms: i64,
        options: ClaimOptions,
    ) -> Result<Option<Claim>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(claim) = aggregate.claim(now_ms, options) else { return Ok(None) };
            if outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await? {
                return Ok(Some(claim));
            }
            let id = aggregate.state.id().to_owned();
            let Some(newer) = Self::read(outbox, &id).await? else { return Ok(None) };
            aggregate = newer;
        }
        Ok(None)
    }

    /// The latest event; documents of an older form have it in the archive only.
    async fn latest_of(
        outbox: &DocumentOutbox,
        aggregate: &Aggregate<S>,
    ) -> Result<Option<String>, StoreError> {
        if let Some(latest) = aggregate.latest() {
            return Ok(Some(latest.body.clone()));
        }
        let of_this = vec![Match::Equals("aggregateId", aggregate.state.id().into())];
        let find = Find { descending: true, ..Find::first("seq", 1, of_this) };
        let found = outbox.documents.find(&ARCHIVE, &find).await?.into_iter().next();
        let row = found.map(|found| serde_json::from_value::<OutboxRow>(found.body)).transpose();
        Ok(row.map_err(|source| StoreError::corrupt("event", source))?.map(|row| row.body))
    }
}

#[async_trait]
impl<S: State> Drawer for DrawerOf<S> {
    fn name(&self) -> &'static str {
        S::COLLECTION.name
    }

    async fn claim(&self, outbox: &DocumentOutbox, options: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        // Some of those that wait longest may be another relay's.
        let waiting = Self::waiting(outbox, options.aggregates.saturating_mul(4)).await?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let now_ms = outbox.documents.now_ms().await?;
        let mut claims = Vec::new();
        for aggregate in waiting {
            if claims.len() >= usize::try_from(options.aggregates).unwrap_or(usize::MAX) {
                break;
            }
            claims.extend(Self::claim_one(outbox, aggregate, now_ms, options).await?);
        }
        Ok(claims)
    }

    async fn settle(&self, outbox: &DocumentOutbox, of: &Settlement) -> Result<bool, StoreError> {
        let now_ms = outbox.documents.now_ms().await?;
        for attempt in 0..ATTEMPTS {
            let Some(mut aggregate) = Self::read(outbox, &of.aggregate.id).await? else { return Ok(false) };
            let Some(sent) = aggregate.sent(of) else { return Ok(false) };
            if attempt == 0 {
                outbox.store_made(sent.iter(), Keep::Archived).await?;
            }
            aggregate.settle(of, now_ms);
            if outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn backlog(&self, outbox: &DocumentOutbox) -> Result<Backlog, StoreError> {
        let waiting = Self::waiting(outbox, COUNTED).await?;
        let mut backlog = Backlog::default();
        let now_ms = outbox.documents.now_ms().await?;
        for aggregate in waiting {
            backlog.events += i64::try_from(aggregate.outbox().len()).unwrap_or(i64::MAX);
            backlog.stuck += i64::from(aggregate.is_stuck());
            let age = aggregate.outbox().first().map(|event| now_ms - event.created_at);
            backlog.oldest_ms = backlog.oldest_ms.max(age);
        }
        Ok(backlog)
    }

    async fn latest(&self, outbox: &DocumentOutbox, id: &str) -> Result<Option<String>, StoreError> {
        let Some(aggregate) = Self::read(outbox, id).await? else { return Ok(None) };
        Self::latest_of(outbox, &aggregate).await
    }

    async fn scan(
        &self,
        outbox: &DocumentOutbox,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut latest = Vec::new();
        for found in outbox.documents.scan(S::COLLECTION, after, limit).await? {
            let aggregate = Aggregate::<S>::read(found)?;
            let body = Self::latest_of(outbox, &aggregate).await?;
            latest.push((aggregate.state.id().to_owned(), body));
        }
        Ok(latest)
    }
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
        let mut settled = 0;
        for settlement in settlements {
            let Some(drawer) = self.drawer(&settlement.aggregate.aggregate_type) else { continue };
            settled += usize::from(drawer.settle(self, settlement).await?);
        }
        Ok(settled)
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
        for drawer in self.drawers.iter().filter(|drawer| drawer.name() >= name) {
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
        for drawer in &self.drawers {
            let Some(body) = drawer.latest(self, id).await? else { continue };
            let event = crate::event::Envelope::parse(body.as_bytes());
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
