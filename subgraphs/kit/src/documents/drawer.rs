//! One collection's part of the outboxes: finding what waits, claiming it, settling it.

use std::marker::PhantomData;

use async_trait::async_trait;

use super::{
    ARCHIVE, Aggregate, DocumentOutbox, Find, Found, Match, State, WAITING,
    aggregate::{SET_ASIDE, schema_of},
    few::few_at_once,
    outbox::Keep,
};
use crate::{
    error::StoreError,
    event::OutboxRow,
    migrate::MOST_EVENTS,
    outbox::{AggregateKey, Backlog, Claim, ClaimOptions, Failure, Settlement},
    page::Cursor,
};

/// How often the relay may lose a document to writers before it leaves the rest to its next claim.
const ATTEMPTS: usize = 50;
/// How many documents are looked through at once.
const PAGE: u32 = 500;
/// How many documents are counted at most when a backlog is asked for.
const COUNTED: u32 = 10_000;

/// One collection's part, without its type.
#[async_trait]
pub(super) trait Drawer: Send + Sync {
    fn name(&self) -> &'static str;
    /// Whether others hear of its documents.
    fn is_told(&self) -> bool;
    async fn claim(&self, outbox: &DocumentOutbox, options: ClaimOptions) -> Result<Vec<Claim>, StoreError>;
    async fn settle(&self, outbox: &DocumentOutbox, of: &Settlement) -> Result<bool, StoreError>;
    async fn reconsider(&self, outbox: &DocumentOutbox) -> Result<(), StoreError>;
    async fn backlog(&self, outbox: &DocumentOutbox) -> Result<Backlog, StoreError>;
    async fn latest(&self, outbox: &DocumentOutbox, id: &str) -> Result<Option<String>, StoreError>;
    /// Moves what those of its documents said last that have it in the archive only into them. The identifiers of those
    /// whose archive is still needed: they cannot be read, or somebody was faster.
    async fn keep_latest(&self, outbox: &DocumentOutbox, ids: &[String]) -> Result<Vec<String>, StoreError>;
    /// The events that wait in its documents.
    async fn waiting_events(&self, outbox: &DocumentOutbox) -> Result<Vec<String>, StoreError>;
    /// The oldest schema of its documents; `None` if there are none.
    async fn oldest_schema(&self, outbox: &DocumentOutbox) -> Result<Option<u32>, StoreError>;
    /// Stores in the form of now the documents that are in an older one.
    async fn upgrade(&self, outbox: &DocumentOutbox) -> Result<(), StoreError>;
    async fn scan(
        &self,
        outbox: &DocumentOutbox,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Option<String>)>, StoreError>;
}

pub(super) struct DrawerOf<S>(PhantomData<fn() -> S>);

impl<S: State> DrawerOf<S> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }

    async fn read(outbox: &DocumentOutbox, id: &str) -> Result<Option<Aggregate<S>>, StoreError> {
        let found = outbox.documents.get(S::COLLECTION, &[id.to_owned()]).await?;
        found.into_iter().next().map(Aggregate::read).transpose()
    }

    /// Documents with something to send, those that wait longest first; what cannot be read is set aside.
    async fn waiting(outbox: &DocumentOutbox, limit: u32) -> Result<Vec<Aggregate<S>>, StoreError> {
        let mut find = Find::first(WAITING, limit, Vec::new());
        find.window.before = Some(Cursor::new(SET_ASIDE, ""));
        let mut waiting = Vec::new();
        for found in outbox.documents.find(S::COLLECTION, &find).await? {
            match Aggregate::read(found.clone()) {
                Ok(aggregate) => waiting.push(aggregate),
                Err(error) => Self::set_aside(outbox, &found, &error).await?,
            }
        }
        Ok(waiting)
    }

    async fn set_aside(outbox: &DocumentOutbox, found: &Found, why: &StoreError) -> Result<(), StoreError> {
        let (collection, id) = (S::COLLECTION.name, &found.id);
        tracing::error!(collection, id, error = %why, "a document's events cannot leave, and are set aside");
        outbox.documents.set_key(S::COLLECTION, found, WAITING, SET_ASIDE.into()).await.map(drop)
    }

    async fn set_aside_before(outbox: &DocumentOutbox) -> Result<Vec<Found>, StoreError> {
        let find = Find::first(WAITING, COUNTED, vec![Match::Equals(WAITING, SET_ASIDE.into())]);
        outbox.documents.find(S::COLLECTION, &find).await
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

    /// The latest event; documents of an older form have it in the archive only, once it has left.
    async fn latest_of(
        outbox: &DocumentOutbox,
        aggregate: &Aggregate<S>,
    ) -> Result<Option<OutboxRow>, StoreError> {
        let waits = || aggregate.outbox().iter().rfind(|event| event.topic.is_none());
        if let Some(latest) = aggregate.latest().or_else(waits) {
            return Ok(Some(latest.clone()));
        }
        let of_this = vec![Match::Equals("aggregateId", aggregate.state.id().into())];
        let find = Find { descending: true, ..Find::first("seq", 1, of_this) };
        let found = outbox.documents.find(&ARCHIVE, &find).await?.into_iter().next();
        let row = found.map(|found| serde_json::from_value::<OutboxRow>(found.body)).transpose();
        row.map_err(|source| StoreError::corrupt("event", source))
    }
}

#[async_trait]
impl<S: State> Drawer for DrawerOf<S> {
    fn name(&self) -> &'static str {
        S::COLLECTION.name
    }

    fn is_told(&self) -> bool {
        S::TOLD
    }

    async fn claim(&self, outbox: &DocumentOutbox, options: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        // Some of those that wait longest may be another relay's.
        let waiting = Self::waiting(outbox, options.aggregates.saturating_mul(4)).await?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let now_ms = outbox.documents.now_ms().await?;
        let (mut claims, most) = (Vec::new(), usize::try_from(options.aggregates).unwrap_or(usize::MAX));
        let mut waiting = waiting.into_iter();
        while claims.len() < most {
            let some: Vec<_> = waiting.by_ref().take(most - claims.len()).collect();
            if some.is_empty() {
                break;
            }
            let claiming = some.into_iter().map(|one| Self::claim_one(outbox, one, now_ms, options));
            claims.extend(few_at_once(claiming.collect()).await?.into_iter().flatten());
        }
        Ok(claims)
    }

    async fn settle(&self, outbox: &DocumentOutbox, of: &Settlement) -> Result<bool, StoreError> {
        let (now_ms, mut of) = (outbox.documents.now_ms().await?, of.clone());
        for attempt in 0..ATTEMPTS {
            let Some(mut aggregate) = Self::read(outbox, &of.aggregate.id).await? else { return Ok(false) };
            let Some(sent) = aggregate.sent(&of) else { return Ok(false) };
            if attempt == 0 {
                let made = outbox.store_made(sent.iter(), Keep::Archived).await;
                if let Err(error) = made {
                    of = unmade(of, error)?;
                }
            }
            aggregate.settle(&of, now_ms);
            if outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn reconsider(&self, outbox: &DocumentOutbox) -> Result<(), StoreError> {
        for found in Self::set_aside_before(outbox).await? {
            // What still cannot be read stays where it is.
            let Ok(mut aggregate) = Aggregate::<S>::read(found) else { continue };
            aggregate.reconsider();
            // Whoever was faster has written where it belongs.
            outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await?;
            outbox.wake().tell();
        }
        Ok(())
    }

    async fn backlog(&self, outbox: &DocumentOutbox) -> Result<Backlog, StoreError> {
        let mut waiting = Self::waiting(outbox, COUNTED).await?;
        let mut backlog = Backlog::default();
        for found in Self::set_aside_before(outbox).await? {
            backlog.stuck += 1;
            waiting.extend(Aggregate::read(found));
        }
        let now_ms = outbox.documents.now_ms().await?;
        for aggregate in waiting {
            backlog.events += i64::try_from(aggregate.outbox().len()).unwrap_or(i64::MAX);
            let age = aggregate.outbox().first().map(|event| now_ms - event.created_at);
            backlog.oldest_ms = backlog.oldest_ms.max(age);
        }
        Ok(backlog)
    }

    async fn waiting_events(&self, outbox: &DocumentOutbox) -> Result<Vec<String>, StoreError> {
        let waiting = Find::first(WAITING, MOST_EVENTS, Vec::new());
        let mut bodies = Vec::new();
        for found in outbox.documents.find(S::COLLECTION, &waiting).await? {
            let rows = found.body["outbox"].as_array().cloned().unwrap_or_default();
            bodies.extend(rows.iter().filter_map(|row| row["body"].as_str().map(str::to_owned)));
        }
        Ok(bodies)
    }

    async fn oldest_schema(&self, outbox: &DocumentOutbox) -> Result<Option<u32>, StoreError> {
        let (mut oldest, mut after) = (None::<u32>, None);
        loop {
            let page = outbox.documents.scan(S::COLLECTION, after.as_deref(), PAGE).await?;
            for found in &page {
                let schema = schema_of(&found.body);
                oldest = Some(oldest.map_or(schema, |oldest| oldest.min(schema)));
            }
            match page.last() {
                // Nothing is older than the first.
                Some(last) if oldest > Some(1) => after = Some(last.id.clone()),
                _ => return Ok(oldest),
            }
        }
    }

    async fn upgrade(&self, outbox: &DocumentOutbox) -> Result<(), StoreError> {
        if S::SCHEMA == 1 {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = outbox.documents.scan(S::COLLECTION, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for found in page.into_iter().filter(|found| schema_of(&found.body) < S::SCHEMA) {
                let aggregate = Aggregate::<S>::read(found)?;
                // Whoever was faster has stored it in the form of now.
                outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await?;
            }
        }
    }

    async fn latest(&self, outbox: &DocumentOutbox, id: &str) -> Result<Option<String>, StoreError> {
        let Some(aggregate) = Self::read(outbox, id).await? else { return Ok(None) };
        Ok(Self::latest_of(outbox, &aggregate).await?.map(|row| row.body))
    }

    async fn keep_latest(&self, outbox: &DocumentOutbox, ids: &[String]) -> Result<Vec<String>, StoreError> {
        let mut needed = Vec::new();
        for found in outbox.documents.get(S::COLLECTION, ids).await? {
            let id = found.id.clone();
            let Ok(mut aggregate) = Aggregate::<S>::read(found) else {
                needed.push(id);
                continue;
            };
            if aggregate.latest().is_some() {
                continue;
            }
            let Some(last) = Self::latest_of(outbox, &aggregate).await? else { continue };
            aggregate.keep_latest(last);
            if !outbox.documents.swap(S::COLLECTION, &aggregate.document()?).await? {
                needed.push(id);
            }
        }
        Ok(needed)
    }

    async fn scan(
        &self,
        outbox: &DocumentOutbox,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut latest = Vec::new();
        for found in outbox.documents.scan(S::COLLECTION, after, limit).await? {
            let id = found.id.clone();
            let body = match Aggregate::<S>::read(found) {
                Ok(aggregate) => Self::latest_of(outbox, &aggregate).await?.map(|row| row.body),
                Err(error) => {
                    tracing::error!(collection = S::COLLECTION.name, id, %error, "a state cannot be given out");
                    None
                }
            };
            latest.push((id, body));
        }
        Ok(latest)
    }
}

/// What is settled where events cannot be projected: nothing, so that they stay until that is mended.
fn unmade(of: Settlement, error: StoreError) -> Result<Settlement, StoreError> {
    if error.is_passing() {
        return Err(error);
    }
    let AggregateKey { aggregate_type: collection, id } = &of.aggregate;
    tracing::error!(collection, id, %error, "a document's events cannot be projected, and are set aside");
    let reason = error.to_string();
    Ok(Settlement { sent: 0, failure: Some(Failure::Stuck { reason }), ..of })
}
