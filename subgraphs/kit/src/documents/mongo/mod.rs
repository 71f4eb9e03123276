//! The `mongodb://` engine: one document a record, its key columns beside `revision` and `body`.
//!
//! Only what every server of that protocol has is used: single-document writes, indexes, `$group`. Driver
//! futures must not be dropped half way, so each runs as a task of its own and the wait for it ends in time.

mod failure;
mod filter;
mod record;
mod record_ledger;
mod turns;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use mongodb::{
    Client, Collection as Records, Cursor, Database,
    bson::{Document as Fields, doc},
    error::Error,
    options::{ClientOptions, ReturnDocument},
};

use failure::{corrupt, is_away, is_duplicate, refusal, taken};
use record::{fields, found, integer};
use turns::Turns;

use super::{Collection, Document, Documents, Find, FindEach, Found, Migration, Tally};
use crate::{
    OpenError, StoreError,
    breaker::Breaker,
    engine::redact,
    migrate::{Contracted, Gate, LedgerEntry, MigrateError},
    page::SortKey,
};

/// How long one statement may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many documents one page for many values may read at once, at least.
const EACH_AT_ONCE: i64 = 1_000;
/// How many documents go into one insert.
const INSERT_CHUNK: usize = 500;

pub(super) struct MongoDocuments {
    database: Database,
    breaker: Breaker,
    statements: AtomicU64,
    turns: Turns,
}

impl MongoDocuments {
    pub(super) async fn open(service: &'static str, url: &str) -> Result<Self, OpenError> {
        let connect = |source: Error| OpenError::Connect { url: redact(url), source: Box::new(source) };
        let mut options = ClientOptions::parse(url).await.map_err(connect)?;
        options.app_name = Some(service.to_owned());
        options.server_selection_timeout = Some(PATIENCE);
        options.connect_timeout = Some(PATIENCE);
        let name = options.default_database.clone().unwrap_or_else(|| service.to_owned());
        let client = Client::with_options(options).map_err(connect)?;
        let engine = Self {
            database: client.database(&name),
            breaker: Breaker::default(),
            statements: AtomicU64::new(0),
            turns: Turns::new(),
        };
        engine
            .ping()
            .await
            .map_err(|source| OpenError::Connect { url: redact(url), source: source.into() })?;
        Ok(engine)
    }

    fn records(&self, collection: &Collection) -> Records<Fields> {
        self.database.collection(collection.name)
    }

    async fn run<T, F>(&self, statement: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        self.attempt(statement).await?.map_err(refusal)
    }

    /// As [`Self::run`], but what the server answers is left to the caller.
    async fn attempt<T, F>(&self, statement: F) -> Result<mongodb::error::Result<T>, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        self.breaker
            .call(async {
                self.statements.fetch_add(1, Ordering::Relaxed);
                match tokio::time::timeout(PATIENCE, tokio::spawn(statement)).await {
                    Err(_) => Err(StoreError::Timeout(PATIENCE)),
                    Ok(Err(ended)) => Err(StoreError::Away(Box::new(ended))),
                    Ok(Ok(Err(error))) if is_away(&error) => Err(StoreError::Away(Box::new(error))),
                    Ok(Ok(answer)) => Ok(answer),
                }
            })
            .await
    }

    async fn read(
        &self,
        collection: &Collection,
        filter: Fields,
        sort: Option<Fields>,
        limit: i64,
    ) -> Result<Vec<Fields>, StoreError> {
        let records = self.records(collection);
        self.run(async move {
            let mut find = records.find(filter).limit(limit);
            if let Some(sort) = sort {
                find = find.sort(sort);
            }
            collect(find.await?).await
        })
        .await
    }
}

#[async_trait]
impl Documents for MongoDocuments {
    async fn get(&self, collection: &Collection, ids: &[String]) -> Result<Vec<Found>, StoreError> {
        let filter = filter::one_of("_id", ids);
        self.read(collection, filter, None, 0).await?.into_iter().map(found).collect()
    }

    async fn get_by(
        &self,
        collection: &Collection,
        column: &'static str,
        values: &[String],
    ) -> Result<Vec<Found>, StoreError> {
        let filter = filter::one_of(column, values);
        self.read(collection, filter, None, 0).await?.into_iter().map(found).collect()
    }

    async fn find(&self, collection: &Collection, find: &Find) -> Result<Vec<Found>, StoreError> {
        let sort = filter::sort(find);
        let found_fields = self.read(collection, filter::page(find), Some(sort), find.reach()).await?;
        found_fields.into_iter().map(found).collect()
    }

    async fn find_each(
        &self,
        collection: &Collection,
        find: &FindEach,
    ) -> Result<BTreeMap<String, Vec<Found>>, StoreError> {
        let mut open: BTreeSet<String> = find.values.iter().cloned().collect();
        let mut pages: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        while !open.is_empty() {
            let values: Vec<String> = open.iter().cloned().collect();
            let wanted = find.find.reach().saturating_mul(i64::try_from(values.len()).unwrap_or(i64::MAX));
            let limit = wanted.max(EACH_AT_ONCE);
            let (filter, sort) = filter::each_page(find, &values);
            let batch = self.read(collection, filter, Some(sort), limit).await?;
            let complete = i64::try_from(batch.len()).unwrap_or(i64::MAX) < limit;
            let last = add_to_pages(batch, find, &mut pages)?;
            let Some(last) = last.filter(|_| !complete) else { break };
            open = close_up_to(&open, &last, find, &mut pages);
        }
        Ok(pages)
    }

    async fn tally(
        &self,
        collection: &Collection,
        by: &'static str,
        values: &[String],
        of: &'static str,
    ) -> Result<BTreeMap<String, Tally>, StoreError> {
        let records = self.records(collection);
        // One accumulator only: not every server of the protocol feeds a second one.
        let group = doc! { "by": format!("${by}"), "of": format!("${of}") };
        let pipeline = [
            doc! { "$match": filter::one_of(by, values) },
            doc! { "$group": { "_id": group, "count": { "$sum": 1_i64 } } },
        ];
        let groups = self.run(async move { collect(records.aggregate(pipeline).await?).await }).await?;
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for group in groups {
            let id = group.get_document("_id").map_err(corrupt)?;
            let (count, value) = (integer(&group, "count")?, integer(id, "of")?);
            let tally = tallies.entry(id.get_str("by").map_err(corrupt)?.to_owned()).or_default();
            tally.count += count;
            tally.sum += count * value;
        }
        Ok(tallies)
    }

    async fn insert(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError> {
        let records = self.records(collection);
        let fields = fields(document)?;
        match self.attempt(async move { records.insert_one(fields).await }).await? {
            Ok(_) => Ok(true),
            Err(error) if is_duplicate(&error) => Ok(false),
            Err(error) => Err(refusal(error)),
        }
    }

    async fn insert_missing(
        &self,
        collection: &Collection,
        documents: &[Document],
    ) -> Result<usize, StoreError> {
        let mut stored = 0;
        for chunk in documents.chunks(INSERT_CHUNK) {
            let records = self.records(collection);
            let batch = chunk.iter().map(fields).collect::<Result<Vec<_>, _>>()?;
            let answer = self.attempt(async move { records.insert_many(batch).ordered(false).await }).await?;
            stored += chunk.len() - taken(answer)?;
        }
        Ok(stored)
    }

    async fn swap(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError> {
        let records = self.records(collection);
        let filter = doc! { "_id": &document.id, "revision": document.revision };
        let fields = fields(document)?;
        let turn = self.turns.of(&document.id).await;
        let answer = self.run(async move {
            let answer = records.replace_one(filter, fields).await;
            drop(turn);
            answer
        });
        Ok(answer.await?.matched_count == 1)
    }

    async fn swap_each(&self, collection: &Collection, documents: &[Document]) -> Result<usize, StoreError> {
        let mut swapped = 0;
        for document in documents {
            swapped += usize::from(self.swap(collection, document).await?);
        }
        Ok(swapped)
    }

    async fn set_key(
        &self,
        collection: &Collection,
        found: &Found,
        column: &'static str,
        value: SortKey,
    ) -> Result<bool, StoreError> {
        let records = self.records(collection);
        let filter = doc! { "_id": &found.id, "revision": found.revision };
        let change = doc! { "$set": { column: filter::value(&value) } };
        let turn = self.turns.of(&found.id).await;
        let answer = self.run(async move {
            let answer = records.update_one(filter, change).await;
            drop(turn);
            answer
        });
        Ok(answer.await?.matched_count == 1)
    }

    async fn remove(&self, collection: &Collection, ids: &[String]) -> Result<(), StoreError> {
        let records = self.records(collection);
        let filter = filter::one_of("_id", ids);
        self.run(async move { records.delete_many(filter).await }).await.map(drop)
    }

    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let filter = doc! { "_id": { "$gt": after.unwrap_or_default() } };
        let found_fields = self.read(collection, filter, Some(doc! { "_id": 1 }), limit.into()).await?;
        found_fields.into_iter().map(found).collect()
    }

    async fn now_ms(&self) -> Result<i64, StoreError> {
        let database = self.database.clone();
        let hello = self.run(async move { database.run_command(doc! { "hello": 1 }).await }).await?;
        Ok(hello.get_datetime("localTime").map_err(corrupt)?.timestamp_millis())
    }

    async fn take_numbers(&self, counter: &str, count: i64) -> Result<i64, StoreError> {
        loop {
            let counters: Records<Fields> = self.database.collection("counters");
            let (filter, change) = (doc! { "_id": counter }, doc! { "$inc": { "value": count } });
            let turn = self.turns.of(counter).await;
            let answer = self.attempt(async move {
                let update = counters.find_one_and_update(filter, change);
                let answer = update.upsert(true).return_document(ReturnDocument::After).await;
                drop(turn);
                answer
            });
            let answer = answer.await?;
            match answer {
                Ok(Some(fields)) => return fields.get_i64("value").map_err(corrupt),
                // Two first takers may both try to create the counter; the later one finds it.
                Ok(None) => {}
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(refusal(error)),
            }
        }
    }

    async fn migrate(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
    ) -> Result<(), MigrateError> {
        record_ledger::migrate(self, (owner, migrations), at_ms, None).await.map(drop)
    }

    async fn contract(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
        gate: &dyn Gate,
    ) -> Result<Vec<Contracted>, MigrateError> {
        record_ledger::migrate(self, (owner, migrations), at_ms, Some(gate)).await
    }

    async fn ledger(&self, owner: &'static str) -> Result<Vec<LedgerEntry>, MigrateError> {
        record_ledger::ledger(self, owner).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let database = self.database.clone();
        self.run(async move { database.run_command(doc! { "ping": 1 }).await }).await.map(drop)
    }

    async fn close(&self) {
        self.database.client().clone().shutdown().await;
    }

    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

async fn collect(mut cursor: Cursor<Fields>) -> mongodb::error::Result<Vec<Fields>> {
    let mut all = Vec::new();
    while cursor.advance().await? {
        all.push(cursor.deserialize_current()?);
    }
    Ok(all)
}

/// Files a batch under its values, and says which value was the last.
fn add_to_pages(
    batch: Vec<Fields>,
    find: &FindEach,
    pages: &mut BTreeMap<String, Vec<Found>>,
) -> Result<Option<String>, StoreError> {
    let mut last = None;
    for fields in batch {
        let value = fields.get_str(find.by).map_err(corrupt)?.to_owned();
        let page = pages.entry(value.clone()).or_default();
        if i64::try_from(page.len()).unwrap_or(i64::MAX) < find.find.reach() {
            page.push(found(fields)?);
        }
        last = Some(value);
    }
    Ok(last)
}

/// The values whose pages a full batch left open: those after the last one, and it too if it was cut short.
fn close_up_to(
    open: &BTreeSet<String>,
    last: &str,
    find: &FindEach,
    pages: &mut BTreeMap<String, Vec<Found>>,
) -> BTreeSet<String> {
    let reach = usize::try_from(find.find.reach()).unwrap_or(usize::MAX);
    let mut rest: BTreeSet<String> = open.iter().filter(|value| value.as_str() > last).cloned().collect();
    if pages.get(last).is_some_and(|page| page.len() < reach) {
        pages.remove(last);
        rest.insert(last.to_owned());
    }
    rest
}
