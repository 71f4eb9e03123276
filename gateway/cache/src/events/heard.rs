//! What was heard so far, for whoever watches.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;
use octavo_executor::CacheHearing;

/// Counts messages, and remembers when the last one came. One task writes it.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    messages: AtomicU64,
    last_ms: AtomicI64,
    lag_ms: AtomicI64,
}

impl Heard {
    /// Notes a message that was said so many milliseconds ago.
    pub(crate) fn note(&self, lag_ms: i64) {
        self.lag_ms.store(lag_ms, Ordering::Relaxed);
        self.last_ms.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn as_of_now(&self, connected: bool) -> CacheHearing {
        CacheHearing {
            connected,
            messages: self.messages.load(Ordering::Relaxed),
            last_ms: self.last_ms.load(Ordering::Relaxed),
            lag_ms: self.lag_ms.load(Ordering::Relaxed),
        }
    }
}
