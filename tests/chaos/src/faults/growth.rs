//! From one process of a service to two, in the middle of a backlog.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use octavo_e2e::Running;
use serde_json::Value;
use tokio::time::sleep;

use super::backlog::number;
use crate::run::Scene;

/// How much of a backlog one process works off before another comes: one part in so many.
const ALONE: i64 = 4;
/// Of what one process does in a second, how much two must at least, in percent: they share its processors with everything else.
const KEPT: u128 = 60;
/// How long nothing may be done while the work is shared out anew.
const STANDS_STILL: Duration = Duration::from_secs(10);
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(4);
const POLL: Duration = Duration::from_millis(200);

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
    let before = progress.now(scene).await?;
    // Until the first of it is done, a process that was started just now connects.
    let mut alone = Pace::start(before);
    while alone.done == before {
        alone.look(scene, progress).await?;
    }
    let mut alone = Pace::start(alone.done);
    let first_part = before + (goal - before) / ALONE;
    while alone.done < first_part {
        alone.look(scene, progress).await?;
    }
    let other = scene.stack.another(progress.service).await?;
    let mut both = Pace::start(progress.now(scene).await?);
    ensure!(both.done < goal, "all was done before there was another of {}", progress.service);
    while both.done < goal {
        both.look(scene, progress).await?;
    }
    let (one, two, still) = (alone.a_second(), both.a_second(), both.longest);
    let service = progress.service;
    ensure!(two * 100 >= one * KEPT, "one of {service} did {one} a second, and two {two}");
    ensure!(still < STANDS_STILL, "two of {service} did nothing for {} ms", still.as_millis());
    Ok((format!("{service} {one} a second by one process and {two} by two"), other))
}

impl Progress {
    async fn now(&self, scene: &Scene<'_>) -> anyhow::Result<i64> {
        number(scene, self.service, self.query, self.column).await
    }
}

/// How fast something is done.
struct Pace {
    began: Instant,
    first: i64,
    done: i64,
    /// Since when nothing was done, and the longest time of that.
    since: Instant,
    longest: Duration,
}

impl Pace {
    fn start(done: i64) -> Self {
        let began = Instant::now();
        Self { began, first: done, done, since: began, longest: Duration::ZERO }
    }

    /// Looks what is done, after a while.
    async fn look(&mut self, scene: &Scene<'_>, progress: &Progress) -> anyhow::Result<()> {
        sleep(POLL).await;
        let now = progress.now(scene).await?;
        self.longest = self.longest.max(self.since.elapsed());
        if now > self.done {
            (self.done, self.since) = (now, Instant::now());
        }
        let (service, seconds) = (progress.service, PATIENCE.as_secs());
        ensure!(self.began.elapsed() < PATIENCE, "{service} {} is {now} after {seconds} s", progress.column);
        Ok(())
    }

    fn a_second(&self) -> u128 {
        u128::from((self.done - self.first).unsigned_abs()) * 1000 / self.began.elapsed().as_millis().max(1)
    }
}

/// Waits until two processes were given messages of a topic whose eight partitions they share.
pub(super) async fn until_shared(scene: &Scene<'_>, topic: &str, subscription: &str) -> anyhow::Result<()> {
    let (began, url) = (
        Instant::now(),
        format!(
            "{}/admin/v2/persistent/public/library/{topic}/partitioned-stats?perPartition=true",
            scene.stack.pulsar.admin_url()
        ),
    );
    loop {
        let stats: Value = reqwest::get(&url).await?.json().await?;
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
        if given.values().filter(|messages| **messages > 0).count() > 1 {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "of two of {subscription} one hears {topic}: {given:?}");
        sleep(POLL).await;
    }
}
