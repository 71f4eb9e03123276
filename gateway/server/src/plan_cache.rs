//! Documents by text and operation name, compared by value, and their plans by what callers meet and by the override labels that
//! hold. Each is made once, however many requests wait for it.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use equivalent::Equivalent;
use octavo_query_graph::Labels;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::authorization::Met;
use crate::document::Document;
use crate::failure::Failure;
use crate::planning::Planned;

/// Documents and plans weigh the length of the text; this much of each is kept.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// How many documents that may be.
const ESTIMATE: usize = 2_000;
/// What one weighs beside its text.
const AROUND: u64 = 256;

pub(crate) struct PlanCache {
    documents: Cache<DocumentKey, Arc<Document>, ByLength>,
    plans: Cache<PlanKey, Arc<Planned>, ByLength>,
    /// How many documents there were.
    documents_made: AtomicU64,
}

/// A document, those of its requirements that are met, and the override labels that hold.
type PlanKey = (u64, Met, Labels);

impl Default for PlanCache {
    fn default() -> Self {
        Self {
            documents: Cache::with_weighter(ESTIMATE, CAPACITY, ByLength),
            plans: Cache::with_weighter(ESTIMATE, CAPACITY, ByLength),
            documents_made: AtomicU64::new(0),
        }
    }
}

impl PlanCache {
    /// What tells a new document from all others.
    pub(crate) fn next_id(&self) -> u64 {
        self.documents_made.fetch_add(1, Ordering::Relaxed)
    }

    /// The document of a text; `make` makes it if there is none. A failure is not kept.
    pub(crate) async fn document<F>(
        &self,
        text: &str,
        (name, incremental): (Option<&str>, bool),
        make: impl FnOnce(DocumentKey) -> F,
    ) -> Result<Arc<Document>, Failure>
    where
        F: Future<Output = Result<Arc<Document>, Failure>>,
    {
        if let Some(document) = self.documents.get(&BorrowedKey { text, name, incremental }) {
            return Ok(document);
        }
        let key = DocumentKey { text: text.into(), name: name.map(Into::into), incremental };
        self.documents.get_or_insert_async(&key, make(key.clone())).await
    }

    /// The plan of a document for callers who meet `met` where these labels hold; `make` makes it if there is none. A failure is not kept.
    pub(crate) async fn plan<F>(
        &self,
        document: &Document,
        (met, labels): (Met, Labels),
        make: impl FnOnce(Met, Labels) -> F,
    ) -> Result<Arc<Planned>, Failure>
    where
        F: Future<Output = Result<Arc<Planned>, Failure>>,
    {
        let key = (document.id, met, labels);
        if let Some(planned) = self.plans.get(&key) {
            return Ok(planned);
        }
        self.plans.get_or_insert_async(&key, make(key.1.clone(), key.2.clone())).await
    }
}

/// A document's text, the name of the operation to run, and whether it is answered in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentKey {
    pub(crate) text: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) incremental: bool,
}

impl Hash for DocumentKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { text, name, incremental } = self;
        BorrowedKey { text, name: name.as_deref(), incremental: *incremental }.hash(state);
    }
}

#[derive(Hash)]
struct BorrowedKey<'a> {
    text: &'a str,
    name: Option<&'a str>,
    incremental: bool,
}

impl Equivalent<DocumentKey> for BorrowedKey<'_> {
    fn equivalent(&self, key: &DocumentKey) -> bool {
        self.text == &*key.text && self.name == key.name.as_deref() && self.incremental == key.incremental
    }
}

#[derive(Clone)]
struct ByLength;

impl Weighter<DocumentKey, Arc<Document>> for ByLength {
    fn weight(&self, key: &DocumentKey, _: &Arc<Document>) -> u64 {
        key.text.len() as u64 + AROUND
    }
}

impl Weighter<PlanKey, Arc<Planned>> for ByLength {
    fn weight(&self, _: &PlanKey, planned: &Arc<Planned>) -> u64 {
        planned.document.length as u64 + AROUND
    }
}
