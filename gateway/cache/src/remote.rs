//! Entities on a Redis server.
//!
//! Values carry the second at which they end, so that a copy in memory ends with them. Every call has a deadline; after a
//! failure the server is left alone for a while.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use octavo_executor::{CacheEntry, CacheScope};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisError};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::key::{remote_key, scope_digest};
use crate::pause::Pause;
use crate::{CacheSetupError, RedisOptions};

/// How many writes may wait. When the server is slower than that, what is not written is only asked for again.
const WAITING: usize = 1_024;
/// How many writes go in one pipeline.
const AT_ONCE: usize = 64;
/// A write has more time than a read: no request waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// After this long without an acknowledgement the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(5);

pub(crate) struct Remote {
    link: Arc<Link>,
    writes: mpsc::Sender<Write>,
    patience: Duration,
}

/// An entity that was found, and how long it may be kept.
pub(crate) struct Found {
    pub(crate) entity: Bytes,
    pub(crate) lifetime: Duration,
}

struct Write {
    scope: Arc<CacheScope>,
    entries: Vec<CacheEntry>,
    max_age: u32,
}

/// The connection, and whether it may be used.
struct Link {
    connection: ConnectionManager,
    pause: Pause,
}

impl Remote {
    /// Connects when it is first needed. Must be called inside the runtime.
    pub(crate) fn new(options: &RedisOptions) -> Result<Self, CacheSetupError> {
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(SILENCE);
        let info: ConnectionInfo =
            options.url.as_str().into_connection_info().map_err(CacheSetupError::Url)?;
        let client = Client::open(info.set_tcp_settings(tcp)).map_err(CacheSetupError::Url)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(WRITE_TIMEOUT));
        let connection =
            ConnectionManager::new_lazy_with_config(client, config).map_err(CacheSetupError::Url)?;
        let link = Arc::new(Link { connection, pause: Pause::default() });
        let (writes, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write_all(Arc::clone(&link), waiting));
        Ok(Self { link, writes, patience: options.timeout })
    }

    /// What the server has for `keys`, in their order; `None` when it cannot be asked.
    pub(crate) async fn get_many(&self, keys: &[Vec<u8>]) -> Option<Vec<Option<Found>>> {
        let mut command = redis::cmd("MGET");
        command.arg(keys);
        let mut connection = self.link.connection.clone();
        let values: Vec<Option<Bytes>> = self
            .link
            .within(self.patience, async move { command.query_async(&mut connection).await })
            .await?;
        let now = seconds_now();
        Some(values.into_iter().map(|value| value.and_then(|value| unpack(value, now))).collect())
    }

    /// Keeps entries, soon.
    pub(crate) fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, max_age: u32) {
        if self.writes.try_send(Write { scope, entries, max_age }).is_err() {
            tracing::debug!("a write to redis was left out: too many are waiting");
        }
    }
}

impl Link {
    async fn within<T>(
        &self,
        patience: Duration,
        call: impl Future<Output = Result<T, RedisError>>,
    ) -> Option<T> {
        if !self.pause.may_ask(Instant::now()) {
            return None;
        }
        let why = match timeout(patience, call).await {
            Ok(Ok(value)) => {
                if self.pause.succeeded() {
                    tracing::info!("redis is back");
                }
                return Some(value);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        if self.pause.failed(Instant::now()) {
            tracing::warn!(why, "redis is away; entities are kept in memory alone");
        }
        None
    }
}

/// Writes what waits, several at a time, until the cache is dropped.
async fn write_all(link: Arc<Link>, mut waiting: mpsc::Receiver<Write>) {
    let mut writes = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut writes, AT_ONCE).await > 0 {
        let mut pipeline = redis::pipe();
        for write in writes.drain(..) {
            append(&mut pipeline, &write);
        }
        let mut connection = link.connection.clone();
        link.within(WRITE_TIMEOUT, async move { pipeline.exec_async(&mut connection).await }).await;
    }
}

fn append(pipeline: &mut Pipeline, write: &Write) {
    let digest = scope_digest(&write.scope);
    let end = seconds_now().saturating_add(u64::from(write.max_age));
    for entry in &write.entries {
        let key = remote_key(&digest, &entry.key);
        let mut value = Vec::with_capacity(8 + entry.entity.len());
        value.extend_from_slice(&end.to_be_bytes());
        value.extend_from_slice(&entry.entity);
        pipeline.cmd("SET").arg(key).arg(value).arg("EX").arg(write.max_age).ignore();
    }
}

/// The entity and the time it has left; `None` if that is over, or if the value is not one of this cache.
fn unpack(mut value: Bytes, now: u64) -> Option<Found> {
    let end = u64::from_be_bytes(*value.first_chunk::<8>()?);
    let left = end.checked_sub(now).filter(|left| *left > 0)?;
    Some(Found { entity: value.split_off(8), lifetime: Duration::from_secs(left) })
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::unpack;

    #[test]
    fn values_end_at_their_second_and_foreign_ones_do_not_count() {
        let value = |end: u64| Bytes::from([&end.to_be_bytes()[..], b"{}"].concat());
        let found = unpack(value(110), 100).expect("ten seconds left");
        assert_eq!((&found.entity[..], found.lifetime.as_secs()), (&b"{}"[..], 10));
        assert!(unpack(value(100), 100).is_none() && unpack(value(99), 100).is_none());
        assert!(unpack(Bytes::from_static(b"short"), 0).is_none());
    }
}
