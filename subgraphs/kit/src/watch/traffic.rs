//! What waits in a service, and how far its markers have come.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{bus::MessageKind, inbox::InboxBacklog, outbox::Backlog};

/// A service's part in the traffic, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The service.
    pub service: String,
    /// The time on its engine's clock, in ms.
    pub now: i64,
    /// When its markers left, by the same clock.
    pub sent: Sent,
    /// The topics on which it says them.
    pub speaks_on: Vec<SpokenOn>,
    /// What waits to leave.
    pub outbox: Backlog,
    /// What has come to each of its consumers.
    pub hears: Vec<Heard>,
}

/// When markers left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The first of this process.
    pub since: Option<i64>,
    /// The latest, the oldest of them first.
    pub latest: VecDeque<i64>,
}

impl Sent {
    /// How far whoever applied the marker of `applied` last is behind at a time; 0 stands for none that was applied.
    ///
    /// What was said between that marker and the next may be missing, from the one on or from the other. Whoever is
    /// only waiting for the next one is as far behind as that; of whoever has missed others, the middle is taken.
    #[must_use]
    pub fn behind(&self, applied: i64, now: i64) -> i64 {
        let Some(next) = self.next_after(applied) else { return 0 };
        let (since_next, between) = (now - next, next - applied);
        let has_missed = self.since.is_some_and(|since| applied >= since) && since_next > between;
        let middle = if has_missed { between / 2 } else { 0 };
        (since_next + middle).max(0)
    }

    /// When the first marker left after the one that left at `applied`. `None`: none has, as far as this process knows.
    #[must_use]
    pub fn next_after(&self, applied: i64) -> Option<i64> {
        let next = self.latest.iter().position(|left_at| *left_at > applied)?;
        // Those before the oldest that is remembered left as often as ever.
        let forgotten = next == 0 && self.since < self.latest.front().copied();
        if forgotten { self.since.map(|since| since.max(applied)) } else { self.latest.get(next).copied() }
    }
}

/// A topic on which a service says something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpokenOn {
    /// Its name.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: usize,
}

/// What has come to a consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The consumer.
    pub consumer: String,
    /// The names of the topics that it hears.
    pub topics: Vec<String>,
    /// What waits, of those sources of which something does.
    pub waiting: Vec<Waiting>,
    /// The newest markers that it has applied.
    pub marks: Vec<Mark>,
}

/// What waits of one source's messages of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Who says them; of what cannot be read, the topic that it came by.
    pub source: String,
    /// Their kind.
    pub kind: MessageKind,
    /// How much, and for how long.
    pub backlog: InboxBacklog,
}

/// The newest marker of a source on a partition that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who said it.
    pub source: String,
    /// On which topic.
    pub topic: String,
    /// On which partition.
    pub partition: usize,
    /// When it left, by the source's clock.
    pub left_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_left_next_is_remembered_for_a_while() {
        let sent = |since: i64, latest: &[i64]| Sent {
            since: Some(since),
            latest: latest.iter().copied().collect(),
        };
        let all = sent(10, &[10, 20, 30]);
        assert_eq!(
            [0, 9, 10, 25, 30].map(|applied| all.next_after(applied)),
            [Some(10), Some(10), Some(20), Some(30), None]
        );
        let some = sent(10, &[40, 50]);
        assert_eq!([0, 20, 40].map(|applied| some.next_after(applied)), [Some(10), Some(20), Some(50)]);
        assert_eq!(Sent::default().next_after(0), None);
    }

    #[test]
    fn whoever_has_missed_markers_is_behind_since_between_two() {
        let sent = Sent { since: Some(1_000), latest: (1..=11).map(|second| second * 1_000).collect() };
        let behind = |applied, now| sent.behind(applied, now);
        assert_eq!((behind(11_000, 11_900), behind(10_000, 11_020)), (0, 20), "one is on its way");
        assert_eq!((behind(10_000, 11_900), behind(1_000, 11_500)), (900, 10_000));
        assert_eq!(behind(0, 11_000), 10_000, "none has ever come");
    }
}
