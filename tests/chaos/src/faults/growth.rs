//! From one process of a service to two, in the middle of a backlog.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use octavo_e2e::Running;
use serde_json::Value;
use tokio::time::sleep;

use super::backlog::number;
use crate::run::Scene;

/// How much of a backlog one process works off before another is started: one part in so many.
const ALONE: i64 = 8;
/// Of what one process does in a second, how much two must at least, in percent: they share its processors with everything else.
const KEPT: u128 = 60;
/// How long nothing may be done while another process starts, and the work is shared out anew.
const STANDS_STILL: Duration = Duration::from_secs(15);
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(500);
/// How long the broker may take to tell how it is.
const TELLS_WITHIN: Duration = Duration::from_secs(10);

/// How far a service has come with its backlog: a number in its database.
pub(super) struct Progress {
    pub(super) service: &'static str,
    pub(super) query: &'static str,
    pub(super) column: &'static str,
}

/// Waits until a service has come from what it has done to a goal, the first part of the way by one process; how fast, in words, and the
/// other process.
pub(super) async fn one_to_two(
    scene: &Scene<'_>,
    progress: &Progress,
    goal: i64,
) -> anyhow::Result<(String, Running)> {
    let (service, mut pace) = (progress.service, Pace::start(scene, progress).await?);
    // A process that was started just now connects before it does anything.
    pace.until(pace.at.done + 1).await?;
    let first = pace.at;
    pace.until(first.done + (goal - first.done) / ALONE).await?;
    let (one, alone) = (pace.at.a_second_since(first), pace.at.done - first.done);
    pace.longest = Duration::ZERO;
    let other = {
        let mut start = pin!(scene.stack.another(service));
        loop {
            tokio::select! {
                other = &mut start => break other?,
                looked = pace.look() => looked?,
            }
        }
    };
    let second = pace.at;
    ensure!(second.done < goal, "all was done before there was another of {service}");
    pace.until(goal).await?;
    let (two, both) = (pace.at.a_second_since(second), goal - second.done);
    ensure!(two * 100 >= one * KEPT, "one of {service} did {one} a second, and two {two}");
    ensure!(pace.longest < STANDS_STILL, "{service} did nothing for {} ms", pace.longest.as_millis());
    Ok((format!("{service} {one} a second by one process ({alone}) and {two} by two ({both})"), other))
}

/// Watches how fast something is done.
struct Pace<'a> {
    scene: &'a Scene<'a>,
    progress: &'a Progress,
    began: Instant,
    at: Mark,
    /// Since when nothing was done, and the longest time of that.
    since: Instant,
    longest: Duration,
}

/// How much was done when.
#[derive(Clone, Copy)]
struct Mark {
    when: Instant,
    done: i64,
}

impl Mark {
    fn a_second_since(self, before: Self) -> u128 {
        let done = u128::from((self.done - before.done).unsigned_abs());
        done * 1000 / (self.when - before.when).as_millis().max(1)
    }
}

impl<'a> Pace<'a> {
    async fn start(scene: &'a Scene<'a>, progress: &'a Progress) -> anyhow::Result<Self> {
        let done = number(scene, progress.service, progress.query, progress.column).await?;
        let now = Instant::now();
        let at = Mark { when: now, done };
        Ok(Self { scene, progress, began: now, at, since: now, longest: Duration::ZERO })
    }

    async fn until(&mut self, goal: i64) -> anyhow::Result<()> {
        while self.at.done < goal {
            self.look().await?;
        }
        Ok(())
    }

    /// Looks what is done, after a while.
    async fn look(&mut self) -> anyhow::Result<()> {
        sleep(POLL).await;
        let Progress { service, query, column } = self.progress;
        let (before, done) = (self.at.done, number(self.scene, service, query, column).await?);
        self.at = Mark { when: Instant::now(), done };
        self.longest = self.longest.max(self.since.elapsed());
        if done > before {
            self.since = self.at.when;
        }
        let seconds = PATIENCE.as_secs();
        ensure!(self.began.elapsed() < PATIENCE, "{service} {column} is {done} after {seconds} s");
        Ok(())
    }
}

/// Waits until two processes were each given more than so many messages of a topic whose eight partitions they share.
pub(super) async fn until_shared(
    scene: &Scene<'_>,
    topic: &str,
    subscription: &str,
    more_than: u64,
) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(TELLS_WITHIN).build()?;
    let url = format!(
        "{}/admin/v2/persistent/public/library/{topic}/partitioned-stats?perPartition=true",
        scene.stack.pulsar.admin_url()
    );
    let began = Instant::now();
    loop {
        let stats: Value = client.get(&url).send().await?.json().await?;
        let partitions = stats["partitions"].as_object().context("a topic has partitions")?;
        ensure!(partitions.len() == 8, "{topic} has {} partitions", partitions.len());
        let mut given: BTreeMap<&str, u64> = BTreeMap::new();
        for partition in partitions.values() {
            let consumers = partition["subscriptions"][subscription]["consumers"].as_array();
            for consumer in consumers.into_iter().flatten() {
                let name = consumer["consumerName"].as_str().unwrap_or_default();
                *given.entry(name).or_default() += consumer["msgOutCounter"].as_u64().unwrap_or_default();
            }
        }
        if given.values().filter(|messages| **messages > more_than).count() > 1 {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{topic} is not shared by two of {subscription}: {given:?}");
        sleep(POLL).await;
    }
}
