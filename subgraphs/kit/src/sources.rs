//! Where time and identifiers come from: passed in, so that a test's answers repeat.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// Makes identifiers that are never used again.
pub trait IdSource: Send + Sync {
    /// A new identifier, ordered by time where the source can.
    fn next_id(&self) -> Uuid;
}

/// The clock and the identifiers of one service.
#[derive(Clone)]
pub struct Sources {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The identifiers.
    pub ids: Arc<dyn IdSource>,
}

impl Sources {
    /// The machine's clock and `UUIDv7`.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(TimeOrderedIds) }
    }

    /// A clock that moves one millisecond each time it is read, and identifiers that count from one.
    #[must_use]
    pub fn repeatable() -> Self {
        Self {
            clock: Arc::new(SteppingClock(AtomicI64::new(1_700_000_000_000))),
            ids: Arc::new(CountedIds(AtomicU64::new(1))),
        }
    }
}

/// The machine's time, in ms since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A length of time in ms, as engines and messages count.
pub(crate) fn ms(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

struct SteppingClock(AtomicI64);

impl Clock for SteppingClock {
    fn now_ms(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

struct CountedIds(AtomicU64);

impl IdSource for CountedIds {
    fn next_id(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        // The version and variant bits of version 7, so that whoever checks the format accepts it.
        Uuid::from_u64_pair(0x018b_cfe5_6800_7000, 0x8000_0000_0000_0000 | count)
    }
}
