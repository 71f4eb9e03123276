//! The port to a document engine, and the way from a URL to an adapter.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::{Collection, Document, Find, FindEach, Found, Migration, sqlite::SqliteDocuments};
use crate::{
    EngineUrl, OpenError, StoreError,
    migrate::{Contracted, Gate, LedgerEntry, MigrateError},
    page::SortKey,
};

/// How many documents share a value, and the sum of one of their columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// The sum.
    pub sum: i64,
}

/// A document engine. Every method is one statement on it, but where said.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The documents with these identifiers that are there, in no order.
    async fn get(&self, collection: &Collection, ids: &[String]) -> Result<Vec<Found>, StoreError>;

    /// The documents with these values of a column, in no order.
    async fn get_by(
        &self,
        collection: &Collection,
        column: &'static str,
        values: &[String],
    ) -> Result<Vec<Found>, StoreError>;

    /// A page, in the order of the walk ([`Find::walks_down`]), one entry longer than asked if there is one.
    async fn find(&self, collection: &Collection, find: &Find) -> Result<Vec<Found>, StoreError>;

    /// A page for each value that has any. An engine without a way to limit each value's entries takes a
    /// statement more whenever one value's entries fill what it may read at once.
    async fn find_each(
        &self,
        collection: &Collection,
        find: &FindEach,
    ) -> Result<BTreeMap<String, Vec<Found>>, StoreError>;

    /// For each value of the column `by` that has any: how many documents, and the sum of their column `of`,
    /// which is never NULL where `by` is not, and has few different values.
    async fn tally(
        &self,
        collection: &Collection,
        by: &'static str,
        values: &[String],
        of: &'static str,
    ) -> Result<BTreeMap<String, Tally>, StoreError>;

    /// Stores a new document; false if its identifier or a unique key is taken.
    async fn insert(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError>;

    /// Stores those of these new documents whose identifiers and unique keys are free, and says how many
    /// they were. A statement for each few hundred.
    async fn insert_missing(
        &self,
        collection: &Collection,
        documents: &[Document],
    ) -> Result<usize, StoreError>;

    /// Replaces a document if it still has the revision that it was read at; false if not.
    async fn swap(&self, collection: &Collection, document: &Document) -> Result<bool, StoreError>;

    /// Replaces those of these documents that still have the revisions they were read at, and says how many
    /// they were. Each replacement stands for itself; an engine may take a statement for each.
    async fn swap_each(&self, collection: &Collection, documents: &[Document]) -> Result<usize, StoreError>;

    /// Puts a value into one key column of a document that still has the revision it was read at; false if it
    /// has moved on. The revision stays: whoever writes the document next writes this column as well.
    async fn set_key(
        &self,
        collection: &Collection,
        found: &Found,
        column: &'static str,
        value: SortKey,
    ) -> Result<bool, StoreError>;

    /// Removes the documents with these identifiers that are there.
    async fn remove(&self, collection: &Collection, ids: &[String]) -> Result<(), StoreError>;

    /// The documents after an identifier, in the order of their identifiers, `limit` of them at most.
    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError>;

    /// The time on the engine's own clock, in ms.
    async fn now_ms(&self) -> Result<i64, StoreError>;

    /// Takes `count` numbers from a counter and returns the last; a crash may leave a gap.
    async fn take_numbers(&self, counter: &str, count: i64) -> Result<i64, StoreError>;

    /// Applies this owner's missing migrations in order, under a lock, those left out that take something away; a
    /// statement or more for each.
    async fn migrate(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
    ) -> Result<(), MigrateError>;

    /// Applies those of them that take something away and that a gate lets through, under the lock, up to the first that
    /// it does not.
    async fn contract(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        at_ms: i64,
        gate: &dyn Gate,
    ) -> Result<Vec<Contracted>, MigrateError>;

    /// What of this owner's migrations was applied, in order.
    async fn ledger(&self, owner: &'static str) -> Result<Vec<LedgerEntry>, MigrateError>;

    /// Whether the engine answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Has the engine let go of what was deleted, where that is a service's to ask for.
    async fn let_go(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Closes what is open, once what is under way has ended.
    async fn close(&self);

    /// How many statements were sent since the engine was opened.
    fn statements(&self) -> u64;
}

/// Opens the engine that a URL names, for the service of this name.
pub async fn open(service: &'static str, url: &str) -> Result<Arc<dyn Documents>, OpenError> {
    match EngineUrl::parse(url)? {
        EngineUrl::Sqlite(path) => Ok(Arc::new(SqliteDocuments::open(&path).await?)),
        #[cfg(feature = "mongo")]
        EngineUrl::Mongo(url) => Ok(Arc::new(super::mongo::MongoDocuments::open(service, &url).await?)),
        other => Err(OpenError::Engine {
            service,
            engine: other.scheme().to_owned(),
            supported: if cfg!(feature = "mongo") { "mongodb and sqlite" } else { "sqlite" },
        }),
    }
}
