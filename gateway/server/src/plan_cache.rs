//! Plans by document and operation name, compared by value. Each is made once, however many requests wait for it.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use equivalent::Equivalent;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::failure::Failure;
use crate::planning::Planned;

/// Documents weigh their length; this much of them is kept.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// How many documents that may be.
const ESTIMATE: usize = 2_000;

pub(crate) struct PlanCache(Cache<PlanKey, Arc<Planned>, ByLength>);

impl Default for PlanCache {
    fn default() -> Self {
        Self(Cache::with_weighter(ESTIMATE, CAPACITY, ByLength))
    }
}

impl PlanCache {
    /// The plan for a document; `make` makes it if there is none. A failure is not kept.
    pub(crate) async fn get_or_make<F>(
        &self,
        document: &str,
        (name, incremental): (Option<&str>, bool),
        make: impl FnOnce(PlanKey) -> F,
    ) -> Result<Arc<Planned>, Failure>
    where
        F: Future<Output = Result<Arc<Planned>, Failure>>,
    {
        if let Some(planned) = self.0.get(&BorrowedKey { document, name, incremental }) {
            return Ok(planned);
        }
        let key = PlanKey { document: document.into(), name: name.map(Into::into), incremental };
        self.0.get_or_insert_async(&key, make(key.clone())).await
    }
}

/// A document, the name of the operation to run, and whether it is answered in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanKey {
    pub(crate) document: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) incremental: bool,
}

impl Hash for PlanKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { document, name, incremental } = self;
        BorrowedKey { document, name: name.as_deref(), incremental: *incremental }.hash(state);
    }
}

#[derive(Hash)]
struct BorrowedKey<'a> {
    document: &'a str,
    name: Option<&'a str>,
    incremental: bool,
}

impl Equivalent<PlanKey> for BorrowedKey<'_> {
    fn equivalent(&self, key: &PlanKey) -> bool {
        self.document == &*key.document
            && self.name == key.name.as_deref()
            && self.incremental == key.incremental
    }
}

#[derive(Clone)]
struct ByLength;

impl Weighter<PlanKey, Arc<Planned>> for ByLength {
    fn weight(&self, key: &PlanKey, _: &Arc<Planned>) -> u64 {
        key.document.len() as u64 + 256
    }
}
