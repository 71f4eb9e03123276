//! How far each consumer is behind what it hears, from what the services tell.
//!
//! An edge leads from a source by one topic to a consumer. A marker that was applied says by the source's clock when it
//! left; with those that left after it, and were not applied, the same clock says how far the consumer is behind
//! ([`Sent::behind`](lms_kit::watch::Sent::behind)). No two clocks are compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use lms_kit::{
    bus::{MessageKind, Topic},
    inbox::InboxBacklog,
    watch::{Heard, Traffic},
};

/// Within how long the marker of a healthy edge returns, in ms.
pub(crate) const RETURNS_WITHIN_MS: i64 = 5_000;

/// What services told when they were last asked.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    /// When the first of them was asked.
    pub(crate) began: Instant,
    /// When the last of them had answered.
    pub(crate) at: Instant,
    /// What each told last.
    pub(crate) services: BTreeMap<String, Told>,
}

/// What a service told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The last time that it answered, what it said, and when.
    pub(crate) last: Option<(Traffic, Instant)>,
    /// Whether it did not answer now.
    pub(crate) away: bool,
}

/// What leads from a source by one topic to a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The source.
    pub(crate) from: String,
    /// The consumer's service.
    pub(crate) to: String,
    /// The consumer.
    pub(crate) consumer: String,
    /// What goes over it.
    pub(crate) kind: MessageKind,
    /// How far the consumer is behind, in ms; `None` where nobody can say.
    pub(crate) behind_ms: Option<i64>,
    /// What waits at the consumer.
    pub(crate) backlog: InboxBacklog,
    /// When the newest marker left that has returned, by the source's clock.
    pub(crate) last_seen: Option<i64>,
    /// Whether everything is as it should be.
    pub(crate) healthy: bool,
}

/// All edges, in the order of their sources and consumers.
pub(crate) fn edges(round: &Round) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (service, told) in &round.services {
        for heard in told.last.iter().flat_map(|(traffic, _)| &traffic.hears) {
            for topic in &heard.topics {
                let sources = sources(round, topic);
                edges.extend(
                    sources.into_iter().map(|source| edge(round, &source, topic, (service, told, heard))),
                );
            }
        }
    }
    edges.sort_by(|one, other| {
        (&one.from, &one.to, &one.consumer, one.kind).cmp(&(
            &other.from,
            &other.to,
            &other.consumer,
            other.kind,
        ))
    });
    edges
}

/// Who speaks on a topic. Events are their service's, whether or not it has ever told.
fn sources(round: &Round, topic: &str) -> BTreeSet<String> {
    let speaks = |told: &Told| {
        told.last.iter().any(|(traffic, _)| traffic.speaks_on.iter().any(|spoken| spoken.topic == topic))
    };
    let known = round.services.iter().filter(|(_, told)| speaks(told)).map(|(name, _)| name.clone());
    let owner =
        (Topic::named(topic).kind() == MessageKind::Events).then(|| topic.split('.').next()).flatten();
    known.chain(owner.map(str::to_owned)).collect()
}

fn edge(round: &Round, from: &str, topic: &str, (to, told, heard): (&String, &Told, &Heard)) -> Edge {
    let source = round.services.get(from);
    let kind = Topic::named(topic).kind();
    let backlog = backlog(heard, from, topic, kind);
    let returned = source.and_then(|source| returned(source, told, heard, from, topic));
    let held_up =
        [returned.as_ref().map(|returned| returned.behind_ms), backlog.oldest_ms, backlog.oldest_parked_ms];
    // What waits has waited, even if no clock has moved since.
    let least = i64::from(backlog.events + backlog.parked + backlog.dead > 0);
    let behind_ms =
        returned.as_ref().map(|_| held_up.into_iter().flatten().max().unwrap_or_default().max(least));
    let on_time = returned.as_ref().is_some_and(|returned| returned.behind_ms <= RETURNS_WITHIN_MS);
    Edge {
        from: from.to_owned(),
        to: to.clone(),
        consumer: heard.consumer.clone(),
        kind,
        behind_ms,
        last_seen: returned.and_then(|returned| returned.last_seen),
        healthy: on_time && backlog.parked == 0 && backlog.dead == 0 && !told.away,
        backlog,
    }
}

/// What waits at a consumer of one source's messages on a topic. What cannot be read is counted for each that may have
/// said it.
fn backlog(heard: &Heard, from: &str, topic: &str, kind: MessageKind) -> InboxBacklog {
    let own = heard
        .waiting
        .iter()
        .filter(|waiting| (waiting.source == from && waiting.kind == kind) || waiting.source == topic);
    own.fold(InboxBacklog::default(), |sum, waiting| InboxBacklog {
        events: sum.events + waiting.backlog.events,
        oldest_ms: sum.oldest_ms.max(waiting.backlog.oldest_ms),
        parked: sum.parked + waiting.backlog.parked,
        oldest_parked_ms: sum.oldest_parked_ms.max(waiting.backlog.oldest_parked_ms),
        dead: sum.dead + waiting.backlog.dead,
    })
}

/// What a source's markers say of a consumer.
struct Returned {
    behind_ms: i64,
    last_seen: Option<i64>,
}

/// `None` while the source does not answer, or has not said any marker.
fn returned(source: &Told, told: &Told, heard: &Heard, from: &str, topic: &str) -> Option<Returned> {
    let (traffic, source_at) = source.last.as_ref().filter(|_| !source.away)?;
    let spoken = traffic.speaks_on.iter().find(|spoken| spoken.topic == topic)?;
    let mark = |partition: usize| {
        let own = heard.marks.iter().filter(|mark| mark.source == from && mark.topic == topic);
        own.filter(|mark| mark.partition == partition).map(|mark| mark.left_at).max()
    };
    // The source's clock at the time at which the consumer told. One that is away has gone no further since.
    let now = match &told.last {
        Some((_, at)) if !told.away => traffic.now + millis_from(*source_at, *at),
        _ => traffic.now,
    };
    let marks: Vec<Option<i64>> = (0..spoken.partitions).map(mark).collect();
    let behind = marks.iter().map(|applied| traffic.sent.behind(applied.unwrap_or_default(), now));
    traffic.sent.since?;
    Some(Returned { behind_ms: behind.max()?, last_seen: marks.iter().copied().flatten().max() })
}

/// How much later `to` is than `from`, in ms; negative if it is earlier.
fn millis_from(from: Instant, to: Instant) -> i64 {
    let ms = |length: std::time::Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    ms(to.saturating_duration_since(from)) - ms(from.saturating_duration_since(to))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lms_kit::{
        outbox::Backlog,
        watch::{Mark, Sent, SpokenOn, Waiting},
    };

    use super::*;

    /// The source's clock is a day ahead of everybody's.
    const NOW: i64 = 1_700_086_400_000;

    fn told(service: &str, at: Instant) -> Told {
        let latest = (0..60).map(|second| NOW - 59_000 + second * 1_000).collect();
        let traffic = Traffic {
            service: service.to_owned(),
            now: NOW,
            sent: Sent { since: Some(NOW - 59_000), latest },
            speaks_on: vec![SpokenOn { topic: format!("{service}.events"), partitions: 2 }],
            outbox: Backlog::default(),
            hears: Vec::new(),
        };
        Told { last: Some((traffic, at)), away: false }
    }

    /// A listener that has applied the marker of so many ms ago on the first partition, and the newest on the second.
    fn round(applied_ago: i64, waiting: Vec<Waiting>) -> Round {
        let at = Instant::now();
        let mark = |partition, left_at| Mark {
            source: "books".into(),
            topic: "books.events".into(),
            partition,
            left_at,
        };
        let mut ear = told("ear", at);
        if let Some((traffic, _)) = &mut ear.last {
            // Another clock, and another time at which it began.
            traffic.now = 1_600_000_000_000;
            let marks = vec![mark(0, NOW - applied_ago), mark(1, NOW)];
            let topics = vec!["books.events".to_owned()];
            traffic.hears = vec![Heard { consumer: "ear".into(), topics, waiting, marks }];
        }
        Round {
            began: at,
            at,
            services: BTreeMap::from([("books".to_owned(), told("books", at)), ("ear".to_owned(), ear)]),
        }
    }

    fn only(round: &Round) -> Edge {
        let [edge] = &edges(round)[..] else { panic!("one edge") };
        edge.clone()
    }

    #[test]
    fn the_slowest_partition_counts_by_the_sources_own_clock() {
        let healthy = only(&round(0, Vec::new()));
        assert_eq!(
            (healthy.from.as_str(), healthy.to.as_str(), healthy.kind),
            ("books", "ear", MessageKind::Events)
        );
        assert_eq!((healthy.behind_ms, healthy.last_seen, healthy.healthy), (Some(0), Some(NOW), true));
        let slow = only(&round(11_000, Vec::new()));
        assert_eq!(
            (slow.behind_ms, slow.healthy),
            (Some(10_500), false),
            "the next marker left ten seconds ago"
        );
    }

    #[test]
    fn what_is_parked_or_dead_is_never_healthy_and_never_nothing() {
        let waiting = |parked, dead| Waiting {
            source: "books".into(),
            kind: MessageKind::Events,
            backlog: InboxBacklog {
                parked,
                oldest_parked_ms: (parked > 0).then_some(0),
                dead,
                ..InboxBacklog::default()
            },
        };
        for waits in [waiting(1, 0), waiting(0, 1)] {
            let edge = only(&round(0, vec![waits]));
            assert_eq!((edge.behind_ms, edge.healthy), (Some(1), false), "{edge:?}");
        }
        let unreadable = Waiting { source: "books.events".into(), ..waiting(0, 1) };
        assert_eq!(only(&round(0, vec![unreadable])).backlog.dead, 1);
        let others = Waiting { source: "genres".into(), ..waiting(1, 0) };
        assert_eq!(only(&round(0, vec![others])).backlog.parked, 0);
        let commands = Waiting { kind: MessageKind::Commands, ..waiting(1, 0) };
        assert_eq!(only(&round(0, vec![commands])).backlog.parked, 0);
    }

    #[test]
    fn whoever_told_later_has_had_more_time() {
        let mut late = round(0, Vec::new());
        if let Some((_, at)) = late.services.get_mut("ear").and_then(|ear| ear.last.as_mut()) {
            *at += Duration::from_secs(2);
        }
        assert_eq!(only(&late).behind_ms, Some(0), "what left in between is not known yet");
        let mut early = round(1_000, Vec::new());
        if let Some((_, at)) = early.services.get_mut("books").and_then(|books| books.last.as_mut()) {
            *at += Duration::from_secs(3);
        }
        assert_eq!(only(&early).behind_ms, Some(0), "the marker that it lacks had not left when it told");
    }

    #[test]
    fn whoever_is_away_is_not_healthy() {
        let mut round = round(11_000, Vec::new());
        round.services.get_mut("ear").unwrap().away = true;
        let edge = only(&round);
        assert_eq!(
            (edge.behind_ms, edge.healthy),
            (Some(10_500), false),
            "it goes on from where it was last"
        );
        round.services.get_mut("books").unwrap().away = true;
        assert_eq!(only(&round).behind_ms, None, "no clock says it");
        round.services.remove("books");
        assert_eq!(only(&round).from, "books", "whose events are heard is known from the topic");
    }
}
