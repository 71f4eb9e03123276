//! How much a process claims at once: as much as it is done with well before its leases end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// What is claimed at once may take one part of so many of a lease; the others are for a database that becomes slower.
const PARTS: u64 = 3;

/// Learns from how long claims took.
///
/// A database can be so slow that leases end before what they are for is done: two processes would take the same from one another
/// for ever, and nothing would advance.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    most: u32,
    now: Arc<AtomicU32>,
}

impl Pace {
    /// Begins with so many, and never claims more at once than `most`.
    pub(crate) fn new(first: u32, most: u32) -> Self {
        Self { most, now: Arc::new(AtomicU32::new(first)) }
    }

    /// How many may be claimed at once now.
    pub(crate) fn at_once(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// So many claims, whose leases are so long (ms), took so long from the first question to the last.
    pub(crate) fn learn(&self, claims: usize, took: Duration, lease_ms: i64) {
        if claims == 0 {
            return;
        }
        let whole = u128::from(lease_ms.unsigned_abs()) * 1_000 / u128::from(PARTS);
        let fit = whole * claims as u128 / took.as_micros().max(1);
        // What was quick for few need not be quick for many.
        let most = self.most.min(self.at_once().saturating_mul(2)).max(1);
        self.now.store(u32::try_from(fit).unwrap_or(most).clamp(1, most), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_claimed_of_a_slow_database_and_more_again_of_a_quick_one() {
        let pace = Pace::new(32, 32);
        let learn = |claims, seconds| {
            pace.learn(claims, Duration::from_secs(seconds), 9_000);
            pace.at_once()
        };
        assert_eq!(learn(32, 3), 32, "a third of the lease");
        assert_eq!(learn(32, 12), 8, "the leases ended before");
        assert_eq!(learn(8, 60), 1, "one is tried, however long it takes");
        assert_eq!(learn(0, 60), 1, "nothing was claimed");
        assert_eq!([learn(1, 0), learn(2, 0), learn(4, 0), learn(8, 0)], [2, 4, 8, 16]);
        assert_eq!([learn(16, 0), learn(32, 0)], [32, 32]);
    }
}
