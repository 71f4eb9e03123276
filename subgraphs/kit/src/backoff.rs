//! How long to wait before what failed is tried again.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// How often a first pause is doubled at most.
const DOUBLINGS: u32 = 6;

/// Twice as long after each failure, and short again after a success.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Backoff {
    /// The time to wait after one more failure.
    pub(crate) fn failed(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(LONGEST);
        wait
    }

    pub(crate) fn succeeded(&mut self) {
        self.0 = SHORTEST;
    }
}

/// The pause after so many failures in a row of what keeps their number: the first one's, doubled for each
/// after it, up to 64 times.
pub(crate) fn doubled(first: Duration, failures: i64) -> Duration {
    let doublings = u32::try_from(failures - 1).unwrap_or(0).min(DOUBLINGS);
    first * 2_u32.pow(doublings)
}
