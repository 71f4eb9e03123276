//! The executor's port: memory in front of Redis.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use octavo_executor::{CacheEntry, CacheError, CacheHearing, CacheKey, CacheMoment, CachePort, CacheScope};

use crate::events::{Heard, Touch};
use crate::key::{remote_key, scope_digest};
use crate::marks::Marks;
use crate::memory::{Entity, Memory};
use crate::remote::{Asked, Remote};
use crate::tag::{Tag, tags_of_entity, tags_of_scope, tags_of_touch};
use crate::{CacheSetupError, Options};

/// Entities in memory, and behind it on a Redis server if there is one.
pub struct EntityCache {
    memory: Memory,
    marks: RwLock<Marks>,
    remote: Option<Remote>,
    hears: bool,
    heard: Heard,
}

impl EntityCache {
    /// An empty cache. With Redis it must be made inside a tokio runtime; the server is connected when it is first needed.
    pub fn new(options: &Options) -> Result<Self, CacheSetupError> {
        let hears = options.hears;
        let remote = options.redis.as_ref().map(|redis| Remote::new(redis, hears)).transpose()?;
        let marks = RwLock::new(Marks::new(!hears));
        Ok(Self { memory: Memory::new(options.memory_bytes), marks, remote, hears, heard: Heard::default() })
    }

    /// Notes that entities have changed; the message which says so is called `name`, by all gateways. When this has returned, nothing is given out
    /// for a later request that was fetched before.
    pub async fn forget(&self, name: &str, touches: &[Touch]) {
        let tags: Vec<Tag> = touches.iter().flat_map(tags_of_touch).collect();
        if tags.is_empty() {
            return;
        }
        // Redis first: what is read there before it knows is too old for the memory once that knows.
        if let Some(remote) = &self.remote {
            remote.touch(name, &tags).await;
        }
        self.write_marks().touch(&tags);
    }

    /// From now on all changes are heard. What was kept before is forgotten.
    pub async fn begin(&self) {
        if let Some(remote) = &self.remote {
            remote.forget_all().await;
        }
        self.write_marks().begin();
    }

    /// From now on changes may be missed: nothing is given out until [`begin`](Self::begin).
    pub fn suspend(&self) {
        self.write_marks().suspend();
    }

    /// Catches up with what Redis could not be told.
    pub async fn mend(&self) {
        if let Some(remote) = &self.remote {
            remote.mend().await;
        }
    }

    /// Notes that a message has come that was said so many milliseconds ago.
    pub(crate) fn note(&self, lag_ms: i64) {
        self.heard.note(lag_ms);
    }

    fn write_marks(&self) -> RwLockWriteGuard<'_, Marks> {
        self.marks.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What memory has; `None` where nobody can say whether it is still good.
    fn find(&self, scope: &CacheScope, keys: &[CacheKey]) -> Option<(Vec<Option<Bytes>>, u64)> {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        if !marks.vouches() {
            return None;
        }
        let Some(id) = self.memory.find_scope(scope) else {
            return Some((vec![None; keys.len()], marks.clock()));
        };
        let find = |key: &CacheKey| {
            let entity = self.memory.get(id, key)?;
            let good = marks.allow(entity.stamp, || tags(scope, key));
            good.then_some(entity.bytes)
        };
        Some((keys.iter().map(find).collect(), marks.clock()))
    }

    /// Asks Redis, in one go, for what memory does not have. `stamp` is from before.
    async fn fill(
        &self,
        remote: &Remote,
        (scope, keys): (&CacheScope, &[CacheKey]),
        (found, stamp): (&mut [Option<Bytes>], u64),
    ) {
        let digest = scope_digest(scope);
        let missing: Vec<usize> = (0..keys.len()).filter(|index| found[*index].is_none()).collect();
        let ask = |index: &usize| Asked {
            key: remote_key(&digest, &keys[*index]),
            tags: if self.hears { tags(scope, &keys[*index]) } else { Vec::new() },
        };
        let asked: Vec<_> = missing.iter().map(ask).collect();
        let Some(values) = remote.get_many(&asked).await else { return };
        let scope = self.memory.scope(&Arc::new(scope.clone()));
        for (index, value) in missing.into_iter().zip(values) {
            if let Some(value) = value {
                let entity = Entity { bytes: value.entity.clone(), lifetime: value.lifetime, stamp };
                self.memory.put(scope, &keys[index], &entity);
                found[index] = Some(value.entity);
            }
        }
    }
}

fn tags(scope: &CacheScope, key: &CacheKey) -> Vec<Tag> {
    let mut tags = tags_of_scope(scope);
    tags.extend(tags_of_entity(scope, key));
    tags
}

impl CachePort for EntityCache {
    fn get_many<'a>(
        &'a self,
        scope: &'a CacheScope,
        keys: &'a [CacheKey],
    ) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, CacheError>> {
        async move {
            let Some((mut found, stamp)) = self.find(scope, keys) else { return Ok(vec![None; keys.len()]) };
            if let Some(remote) = &self.remote
                && found.iter().any(Option::is_none)
            {
                self.fill(remote, (scope, keys), (&mut found, stamp)).await;
            }
            Ok(found)
        }
        .boxed()
    }

    fn moment(&self) -> CacheMoment {
        // Redis's first: it is told of a change before the memory.
        let shared = self.remote.as_ref().map_or(0, Remote::clock);
        let own = self.marks.read().unwrap_or_else(PoisonError::into_inner).clock();
        CacheMoment { own, shared }
    }

    fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, max_age: u32, since: CacheMoment) {
        if max_age == 0 {
            return;
        }
        let id = self.memory.scope(&scope);
        let lifetime = Duration::from_secs(max_age.into());
        for entry in &entries {
            let entity = Entity { bytes: entry.entity.clone(), lifetime, stamp: since.own };
            self.memory.put(id, &entry.key, &entity);
        }
        if let Some(remote) = &self.remote {
            remote.put_many(scope, entries, (max_age, since.shared));
        }
    }

    fn hearing(&self) -> Option<CacheHearing> {
        let vouches = || self.marks.read().unwrap_or_else(PoisonError::into_inner).vouches();
        self.hears.then(|| self.heard.as_of_now(vouches()))
    }
}
