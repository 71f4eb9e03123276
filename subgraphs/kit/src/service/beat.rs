//! The markers that a service says on its topics ([`crate::inbox`] says what becomes of them).

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Service, Surroundings};
use crate::{
    bus::{Outgoing, SharedBus, Topic},
    inbox::Marker,
    outbox::Wake,
    watch::{Sent, SpokenOn},
};

/// How many of the times at which markers left are remembered.
const REMEMBERED: usize = 64;
/// For how long somebody who has looked is taken to look on.
const LOOKING: Duration = Duration::from_mins(1);
/// How often the partitions of topics are asked for: somebody may have added some.
const RECOUNTED: Duration = Duration::from_mins(1);

/// When markers are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Markers {
    /// How often.
    pub every: Duration,
    /// Whether also while nobody looks.
    pub always: bool,
}

impl Default for Markers {
    fn default() -> Self {
        Self { every: Duration::from_secs(1), always: true }
    }
}

/// What a service knows of its own markers.
#[derive(Default)]
pub(super) struct Beat {
    state: Mutex<State>,
    looked: Wake,
}

#[derive(Default)]
struct State {
    sent: Sent,
    spoken_on: Vec<SpokenOn>,
    looked_at: Option<Instant>,
    /// What [`Beat::steady`] gave last, and when.
    told: Option<(i64, Instant)>,
}

impl Beat {
    /// When markers left, and where; whoever asks is looking.
    pub(super) fn look(&self) -> (Sent, Vec<SpokenOn>) {
        let mut state = self.state();
        state.looked_at = Some(Instant::now());
        self.looked.tell();
        (state.sent.clone(), state.spoken_on.clone())
    }

    /// A time on the engine's clock, given what that shows now: if it was set back, the time goes on from what was told
    /// last, since whoever has applied a marker takes none that is older.
    pub(super) fn steady(&self, now: i64) -> i64 {
        let mut state = self.state();
        let at = Instant::now();
        let since = |when: Instant| i64::try_from(at.duration_since(when).as_millis()).unwrap_or(i64::MAX);
        let steady = state.told.map_or(now, |(told, when)| now.max(told.saturating_add(since(when))));
        state.told = Some((steady, at));
        steady
    }

    fn is_looked_at(&self) -> bool {
        self.state().looked_at.is_some_and(|at| at.elapsed() < LOOKING)
    }

    fn note(&self, left_at: i64, topics: &[Partitions]) {
        let mut state = self.state();
        state.sent.since.get_or_insert(left_at);
        state.sent.latest.push_back(left_at);
        while state.sent.latest.len() > REMEMBERED {
            state.sent.latest.pop_front();
        }
        let spoken_on = |topic: &Partitions| SpokenOn {
            topic: topic.topic.name().to_owned(),
            partitions: topic.keys.len(),
        };
        state.spoken_on = topics.iter().map(spoken_on).collect();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A topic, with a key for each of its partitions.
struct Partitions {
    topic: Topic,
    keys: Vec<String>,
}

/// Says markers on these topics, for ever.
pub(super) async fn run(service: &Service, around: &Surroundings, topics: &[Topic]) {
    let (beat, Markers { every, always }) = (&service.inner.beat, around.markers);
    let (mut known, mut counted): (Vec<Partitions>, Option<Instant>) = (Vec::new(), None);
    loop {
        while !always && !beat.is_looked_at() {
            beat.looked.wait(LOOKING).await;
        }
        let began = Instant::now();
        if counted.is_none_or(|at| at.elapsed() > RECOUNTED) {
            known = partitions(&around.bus, topics).await;
            counted = (known.len() == topics.len()).then(Instant::now);
        }
        match service.now_ms().await {
            Ok(left_at) => {
                beat.note(left_at, &known);
                say(service, &around.bus, &known, left_at).await;
            }
            Err(error) => tracing::debug!(service = service.name(), %error, "no marker can be made"),
        }
        tokio::time::sleep(every.saturating_sub(began.elapsed())).await;
    }
}

/// The topics whose partitions the bus tells.
async fn partitions(bus: &SharedBus, topics: &[Topic]) -> Vec<Partitions> {
    let mut known = Vec::with_capacity(topics.len());
    for topic in topics {
        match bus.partition_keys(topic).await {
            Ok(keys) => known.push(Partitions { topic: topic.clone(), keys }),
            Err(error) => tracing::debug!(topic = topic.name(), %error, "its partitions are not known"),
        }
    }
    known
}

async fn say(service: &Service, bus: &SharedBus, topics: &[Partitions], left_at: i64) {
    let mut markers = Vec::new();
    for Partitions { topic, keys } in topics {
        for (partition, key) in keys.iter().enumerate() {
            let marker = Marker { topic: topic.name().to_owned(), partition, left_at };
            let envelope = marker.envelope(service.name(), &service.inner.sources);
            let (topic, key, body) = (topic.clone(), key.clone(), envelope.to_json());
            markers.push(Outgoing { topic, key, id: envelope.id, body });
        }
    }
    for error in bus.publish(markers).await.into_iter().filter_map(Result::err) {
        // That it does not come back says it to whoever looks.
        tracing::debug!(service = service.name(), %error, "a marker has not left");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_does_not_hide_that_nothing_arrives() {
        const HOUR: i64 = 3_600_000;
        let beat = Beat::default();
        let before = beat.steady(10 * HOUR);
        beat.note(before, &[]);
        // Applied elsewhere; then the clock is set back, another marker leaves, and nothing is heard any more.
        let next = beat.steady(9 * HOUR);
        beat.note(next + 1, &[]);
        std::thread::sleep(Duration::from_millis(30));
        let now = beat.steady(9 * HOUR + 20);
        let behind = beat.look().0.behind(before, now);
        assert!((20..10_000).contains(&behind), "{behind}");
        assert_eq!(beat.steady(11 * HOUR), 11 * HOUR, "a clock that is set forward is followed");
    }
}
