//! The executor's port: memory in front of Redis.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use octavo_executor::{CacheEntry, CacheError, CacheKey, CachePort, CacheScope};

use crate::key::{remote_key, scope_digest};
use crate::memory::Memory;
use crate::remote::Remote;
use crate::{CacheSetupError, Options};

/// Entities in memory, and behind it on a Redis server if there is one.
pub struct EntityCache {
    memory: Memory,
    remote: Option<Remote>,
}

impl EntityCache {
    /// An empty cache. With Redis it must be made inside a tokio runtime; the server is connected when it is first needed.
    pub fn new(options: &Options) -> Result<Self, CacheSetupError> {
        let remote = options.redis.as_ref().map(Remote::new).transpose()?;
        Ok(Self { memory: Memory::new(options.memory_bytes), remote })
    }

    /// Asks Redis, in one command, for what memory does not have.
    async fn fill(
        &self,
        remote: &Remote,
        scope: &CacheScope,
        keys: &[CacheKey],
        found: &mut [Option<Bytes>],
    ) {
        let digest = scope_digest(scope);
        let missing: Vec<usize> = (0..keys.len()).filter(|index| found[*index].is_none()).collect();
        let asked: Vec<_> = missing.iter().map(|index| remote_key(&digest, &keys[*index])).collect();
        let Some(values) = remote.get_many(&asked).await else { return };
        let scope = self.memory.scope(&Arc::new(scope.clone()));
        for (index, value) in missing.into_iter().zip(values) {
            if let Some(value) = value {
                self.memory.put(scope, &keys[index], &value.entity, value.lifetime);
                found[index] = Some(value.entity);
            }
        }
    }
}

impl CachePort for EntityCache {
    fn get_many<'a>(
        &'a self,
        scope: &'a CacheScope,
        keys: &'a [CacheKey],
    ) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, CacheError>> {
        async move {
            let mut found = match self.memory.find_scope(scope) {
                Some(scope) => keys.iter().map(|key| self.memory.get(scope, key)).collect(),
                None => vec![None; keys.len()],
            };
            if let Some(remote) = &self.remote
                && found.iter().any(Option::is_none)
            {
                self.fill(remote, scope, keys, &mut found).await;
            }
            Ok(found)
        }
        .boxed()
    }

    fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, max_age: u32) {
        if max_age == 0 {
            return;
        }
        let id = self.memory.scope(&scope);
        for entry in &entries {
            self.memory.put(id, &entry.key, &entry.entity, Duration::from_secs(max_age.into()));
        }
        if let Some(remote) = &self.remote {
            remote.put_many(scope, entries, max_age);
        }
    }
}
