//! How long a subgraph mostly takes.

use std::time::Duration;

/// So many of the last calls count.
const KEPT: usize = 32;
/// A request waits for others for at most this part of what it would take anyway.
const PART: u32 = 20;

/// The durations of the last calls.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    last: Vec<Duration>,
    next: usize,
}

impl Latency {
    pub(crate) fn record(&mut self, duration: Duration) {
        if self.last.len() < KEPT {
            self.last.push(duration);
        } else {
            self.last[self.next] = duration;
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// How long a request may wait for others; `most` as long as nothing is known.
    pub(crate) fn delay(&self, most: Duration) -> Duration {
        let mut sorted = self.last.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).map_or(most, |median| most.min(*median / PART))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, KEPT, Latency};

    #[test]
    fn a_twentieth_of_the_median_of_the_last_calls_is_waited() {
        let most = Duration::from_millis(1);
        let mut latency = Latency::default();
        assert_eq!(latency.delay(most), most);
        for millis in [2, 900, 4] {
            latency.record(Duration::from_millis(millis));
        }
        assert_eq!(latency.delay(most), Duration::from_micros(200));
        (0..KEPT).for_each(|_| latency.record(Duration::from_millis(100)));
        assert_eq!(latency.delay(most), most);
    }
}
