//! Entities on a Redis server.
//!
//! Values carry the second at which they end, so that a copy in memory ends with them, and what the server's clock showed
//! before they were fetched. Every call has a deadline; after a failure the server is left alone for a while.
//!
//! Where changes are heard of, the server has marks of its own (`mark.lua`), and a value is read together with those of all that
//! it depends on. A server that could not be told of a change, or that has lost its marks, *owes*: it is not read until it
//! has forgotten everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use octavo_executor::{CacheEntry, CacheScope};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisError, Script};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::key::{remote_key, scope_digest};
use crate::marks::REMEMBERED;
use crate::pause::Pause;
use crate::tag::Tag;
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

/// The marks of all gateways that share the server.
const MARKS: &str = "octavo:marks";
/// What stands before a value: its end and its stamp.
const HEAD: usize = 16;

pub(crate) struct Remote {
    hears: bool,
    /// How often it missed something, or may have, since it last forgot everything. It is not read unless that is nought.
    debts: AtomicU64,
    /// The latest that its clock is known to have shown.
    clock: AtomicU64,
    mark: Script,
    link: Arc<Link>,
    writes: mpsc::Sender<Write>,
    patience: Duration,
}

/// An entity that was found, and how long it may be kept.
pub(crate) struct Found {
    pub(crate) entity: Bytes,
    pub(crate) lifetime: Duration,
}

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) key: Vec<u8>,
    /// What it depends on.
    pub(crate) tags: Vec<Tag>,
}

struct Write {
    scope: Arc<CacheScope>,
    entries: Vec<CacheEntry>,
    max_age: u32,
    stamp: u64,
}

/// The connection, and whether it may be used.
struct Link {
    connection: ConnectionManager,
    pause: Pause,
}

impl Remote {
    /// Connects when it is first needed. Must be called inside the runtime.
    pub(crate) fn new(options: &RedisOptions, hears: bool) -> Result<Self, CacheSetupError> {
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
        let mark = Script::new(include_str!("mark.lua"));
        let (debts, clock) = (AtomicU64::new(hears.into()), AtomicU64::new(0));
        Ok(Self { hears, debts, clock, mark, link, writes, patience: options.timeout })
    }

    /// The latest that the server's clock is known to have shown.
    pub(crate) fn clock(&self) -> u64 {
        self.clock.load(Ordering::Acquire)
    }

    /// Notes a change on the server.
    pub(crate) async fn touch(&self, name: &str, tags: &[Tag]) {
        if self.owes() {
            return self.forget_all().await;
        }
        self.note("", name, tags).await;
    }

    /// Nothing that the server has counts any more.
    pub(crate) async fn forget_all(&self) {
        self.note("all", "", &[]).await;
    }

    /// Lets the server forget everything if it owes that.
    pub(crate) async fn mend(&self) {
        if self.owes() {
            self.forget_all().await;
        }
    }

    fn owes(&self) -> bool {
        self.debts.load(Ordering::Acquire) > 0
    }

    /// One at a time: the task that hears of changes alone gets here.
    async fn note(&self, how: &str, name: &str, tags: &[Tag]) {
        let mut call = self.mark.key(MARKS);
        call.key(format!("octavo:event:{name}")).arg(REMEMBERED).arg(how).arg(name).arg(self.clock());
        for tag in tags {
            call.arg(tag.name());
        }
        let mut connection = self.link.connection.clone();
        // Nobody reads the server while it is not known whether it was told.
        let debts = self.debts.fetch_add(1, Ordering::AcqRel) + 1;
        let told = async move { call.invoke_async::<f64>(&mut connection).await };
        if let Some(clock) = self.link.within(WRITE_TIMEOUT, told).await {
            self.clock.fetch_max(whole(clock), Ordering::AcqRel);
            self.debts.fetch_sub(if how.is_empty() { 1 } else { debts }, Ordering::AcqRel);
        }
    }

    /// What the server has and may be given out, in the order of what is asked; `None` when it cannot be asked.
    pub(crate) async fn get_many(&self, asked: &[Asked]) -> Option<Vec<Option<Found>>> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("MGET").arg(asked.iter().map(|asked| &asked.key[..]).collect::<Vec<_>>());
        if self.hears {
            return self.get_good(asked, pipeline).await;
        }
        let mut connection = self.link.connection.clone();
        let call = async move { pipeline.query_async(&mut connection).await };
        let (values,): (Vec<Option<Bytes>>,) = self.link.within(self.patience, call).await?;
        let now = seconds_now();
        let found = values.into_iter().map(|value| unpack(value?, now));
        Some(found.map(|found| found.map(|(found, _)| found)).collect())
    }

    /// The same, where changes are heard of.
    async fn get_good(&self, asked: &[Asked], mut pipeline: Pipeline) -> Option<Vec<Option<Found>>> {
        if self.owes() {
            return None;
        }
        let known = self.clock();
        // Marks after values: a value that is touched in between is too old.
        let tags = asked.iter().flat_map(|asked| &asked.tags).map(|tag| tag.name());
        pipeline.cmd("ZMSCORE").arg(MARKS).arg("#clock").arg("#floor").arg(tags.collect::<Vec<_>>());
        let mut connection = self.link.connection.clone();
        let call = async move { pipeline.query_async(&mut connection).await };
        let (values, marks): (Vec<Option<Bytes>>, Vec<Option<f64>>) =
            self.link.within(self.patience, call).await?;
        let mut marks = marks.into_iter().map(|mark| mark.map(whole));
        let clock = marks.next().flatten().filter(|clock| *clock >= known);
        let (Some(_), Some(floor)) = (clock, marks.next().flatten()) else {
            self.debts.fetch_add(1, Ordering::AcqRel);
            return None;
        };
        let now = seconds_now();
        let good = |(value, asked): (Option<Bytes>, &Asked)| {
            let touched =
                marks.by_ref().take(asked.tags.len()).fold(floor, |last, mark| last.max(mark.unwrap_or(0)));
            let (found, stamp) = unpack(value?, now)?;
            (touched <= stamp).then_some(found)
        };
        Some(values.into_iter().zip(asked).map(good).collect())
    }

    /// Keeps entries, soon.
    pub(crate) fn put_many(
        &self,
        scope: Arc<CacheScope>,
        entries: Vec<CacheEntry>,
        (max_age, stamp): (u32, u64),
    ) {
        if self.writes.try_send(Write { scope, entries, max_age, stamp }).is_err() {
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
        let mut value = Vec::with_capacity(HEAD + entry.entity.len());
        value.extend_from_slice(&end.to_be_bytes());
        value.extend_from_slice(&write.stamp.to_be_bytes());
        value.extend_from_slice(&entry.entity);
        pipeline.cmd("SET").arg(key).arg(value).arg("EX").arg(write.max_age).ignore();
    }
}

/// The entity with the time it has left, and its stamp; `None` if that is over, or if the value is not one of this cache.
fn unpack(mut value: Bytes, now: u64) -> Option<(Found, u64)> {
    let end = u64::from_be_bytes(*value.first_chunk::<8>()?);
    let stamp = u64::from_be_bytes(*value.get(8..)?.first_chunk::<8>()?);
    let left = end.checked_sub(now).filter(|left| *left > 0)?;
    Some((Found { entity: value.split_off(HEAD), lifetime: Duration::from_secs(left) }, stamp))
}

/// A score: the server has numbers of 53 bits, and microseconds fit them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are whole and positive")]
fn whole(score: f64) -> u64 {
    score as u64
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
        let value = |end: u64| Bytes::from([&end.to_be_bytes()[..], &7_u64.to_be_bytes(), b"{}"].concat());
        let (found, stamp) = unpack(value(110), 100).expect("ten seconds left");
        assert_eq!((&found.entity[..], found.lifetime.as_secs(), stamp), (&b"{}"[..], 10, 7));
        assert!(unpack(value(100), 100).is_none() && unpack(value(99), 100).is_none());
        assert!(unpack(Bytes::from_static(b"short"), 0).is_none());
    }
}
