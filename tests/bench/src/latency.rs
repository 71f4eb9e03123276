//! From the commit of a change to the commit of its effect.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use lms_kit::{
    inbox::{Consumer, Inbox, InboxOptions, SqlInbox},
    outbox::{Relay, RelayOptions, SqlOutbox, Wake},
};
use tokio::time::{interval, sleep};

use crate::{
    timed::TimedInbox,
    world::{Ear, LISTENER, OPENING, OWNER, World, nobody, subscription},
};

/// A hundred events a second.
const EVERY: Duration = Duration::from_millis(10);

/// How the relay learns that something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relaying {
    /// Each commit wakes it.
    Woken,
    /// It looks from time to time.
    Looking,
}

/// What was measured.
pub(crate) struct Latency {
    relaying: Relaying,
    /// In order.
    sorted: Vec<Duration>,
}

impl Latency {
    /// What so many of a thousand events did not exceed.
    pub(crate) fn at(&self, share: usize) -> Duration {
        self.sorted[(self.sorted.len() - 1) * share / 1_000]
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.relaying {
            Relaying::Woken => "the relay is woken",
            Relaying::Looking => "the relay looks by itself",
        };
        let (p50, p99, most) = (self.at(500), self.at(990), self.at(1_000));
        write!(out, "{} events, {how}: p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?}", self.sorted.len())
    }
}

pub(crate) async fn measure(world: &World, length: Duration, relaying: Relaying) -> anyhow::Result<Latency> {
    let wake = match relaying {
        Relaying::Woken => world.owner.wake().clone(),
        Relaying::Looking => Wake::default(),
    };
    let outbox = Arc::new(SqlOutbox::new(world.owner.clone()));
    let relay = Relay::new(OWNER, outbox, Arc::clone(&world.bus), wake, RelayOptions::default());
    let store = TimedInbox { inbox: SqlInbox::new(world.listener.clone()), applied: Arc::default() };
    let inbox = Arc::new(Inbox::new(LISTENER, store.clone(), Ear, nobody(), InboxOptions::default()));
    let consumer = Consumer::of_events(Arc::clone(&world.bus), subscription(), Arc::clone(&inbox));
    let (relaying_task, consuming) = (tokio::spawn(relay.run()), tokio::spawn(consumer.run()));
    let applying = tokio::spawn(async move { inbox.run().await });

    // The services have been running for a while: their consumers and producers are there.
    let applied = || store.applied.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    world.write("0", -1).await?;
    let opening = Instant::now();
    while applied().is_empty() {
        ensure!(opening.elapsed() < OPENING, "the first event is still under way");
        sleep(EVERY).await;
    }

    let (mut committed, started, mut ticks) = (BTreeMap::new(), Instant::now(), interval(EVERY));
    while started.elapsed() < length {
        ticks.tick().await;
        let value = i64::try_from(committed.len())?;
        world.write(&(value % 1_000).to_string(), value).await?;
        committed.insert(value, Instant::now());
    }
    while applied().len() <= committed.len() {
        ensure!(started.elapsed() < length * 2 + OPENING, "events are still under way");
        sleep(EVERY).await;
    }
    for task in [relaying_task, consuming, applying] {
        task.abort();
    }
    // An effect may be committed before its writer has been told of its own commit: no time has passed then.
    let took = |(value, at): &(i64, Instant)| Some(at.saturating_duration_since(*committed.get(value)?));
    let mut sorted: Vec<Duration> = applied().iter().filter_map(took).collect();
    sorted.sort();
    ensure!(sorted.len() == committed.len(), "{} effects of {} events", sorted.len(), committed.len());
    Ok(Latency { relaying, sorted })
}
