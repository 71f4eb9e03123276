//! Entities in this process, bounded by their bytes, each with a lifetime of its own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use equivalent::Equivalent;
use moka::Expiry;
use moka::sync::Cache;
use octavo_executor::{CacheKey, CacheScope};

/// How many scopes (a selection with its variables) have a number at a time.
const SCOPES: u64 = 50_000;
/// What an entry costs beside its bytes.
const OVERHEAD: usize = 200;

pub(crate) struct Memory {
    /// Scopes by value, so that entries need not hold them. One that is forgotten gets another number: its entries are
    /// never found again, and go when their time is over.
    scopes: Cache<Arc<CacheScope>, ScopeId>,
    next_scope: AtomicU64,
    entities: Cache<MemoryKey, Entity>,
}

/// Names a scope for as long as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScopeId(u64);

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh = |key: &MemoryKey, entity: &Entity| {
            let bytes = key.key.representation.len() + entity.bytes.len() + OVERHEAD;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self {
            scopes: Cache::new(SCOPES),
            next_scope: AtomicU64::new(0),
            entities: Cache::builder().max_capacity(bytes).weigher(weigh).expire_after(OwnLifetime).build(),
        }
    }

    /// The scope's number, if anything may be kept for it.
    pub(crate) fn find_scope(&self, scope: &CacheScope) -> Option<ScopeId> {
        self.scopes.get(&BorrowedScope(scope))
    }

    pub(crate) fn scope(&self, scope: &Arc<CacheScope>) -> ScopeId {
        let next = || ScopeId(self.next_scope.fetch_add(1, Ordering::Relaxed));
        self.scopes.get_with_by_ref(scope, next)
    }

    pub(crate) fn get(&self, scope: ScopeId, key: &CacheKey) -> Option<Entity> {
        self.entities.get(&BorrowedKey { scope, key })
    }

    /// The bytes are copied: they may be slices of something large.
    pub(crate) fn put(&self, scope: ScopeId, key: &CacheKey, entity: &Entity) {
        let key = CacheKey {
            type_name: Arc::clone(&key.type_name),
            representation: Bytes::copy_from_slice(&key.representation),
        };
        let entity = Entity { bytes: Bytes::copy_from_slice(&entity.bytes), ..*entity };
        self.entities.insert(MemoryKey { scope, key }, entity);
    }
}

/// An entity, and how old it is.
#[derive(Clone)]
pub(crate) struct Entity {
    pub(crate) bytes: Bytes,
    pub(crate) lifetime: Duration,
    /// The clock of the marks before it was fetched.
    pub(crate) stamp: u64,
}

struct OwnLifetime;

impl Expiry<MemoryKey, Entity> for OwnLifetime {
    fn expire_after_create(&self, _: &MemoryKey, entity: &Entity, _: Instant) -> Option<Duration> {
        Some(entity.lifetime)
    }

    fn expire_after_update(
        &self,
        _: &MemoryKey,
        entity: &Entity,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entity.lifetime)
    }
}

#[derive(PartialEq, Eq)]
struct MemoryKey {
    scope: ScopeId,
    key: CacheKey,
}

impl Hash for MemoryKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        BorrowedKey { scope: self.scope, key: &self.key }.hash(state);
    }
}

#[derive(Hash)]
struct BorrowedKey<'a> {
    scope: ScopeId,
    key: &'a CacheKey,
}

impl Equivalent<MemoryKey> for BorrowedKey<'_> {
    fn equivalent(&self, owned: &MemoryKey) -> bool {
        self.scope == owned.scope && *self.key == owned.key
    }
}

#[derive(Hash)]
struct BorrowedScope<'a>(&'a CacheScope);

impl Equivalent<Arc<CacheScope>> for BorrowedScope<'_> {
    fn equivalent(&self, owned: &Arc<CacheScope>) -> bool {
        *self.0 == **owned
    }
}
