//! From one process to two of whoever says, hears and coordinates, in the middle of a backlog.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::time::sleep;

use super::backlog::{APPLIED, BOOKS, SAID, books, number, say_again};
use crate::run::Scene;
use crate::stores::run;

/// How many events are to be said and applied: some are left when the others have come.
const BACKLOG: u64 = 12_000;
/// How long one of each works alone before the others are started.
const ALONE: Duration = Duration::from_secs(8);
/// How long all may take.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(200);
/// Of the events that one of each applies in a second, how many two must at least, in percent: nothing is to be lost, and both share
/// the processors with everything else.
const KEPT: u128 = 75;
/// How long nothing may be applied while the partitions are shared out anew.
const PAUSE: Duration = Duration::from_secs(5);

/// Who has two processes then: the relay of books, the consumer of what books say, and the coordinator.
const DOUBLED: [&str; 3] = ["books", "lendings", "sagas"];
/// Topics whose partitions two are to share, and whose subscriptions they are.
const SHARED: [(&str, &str); 2] = [("books.events", "lendings"), ("sagas.replies", "sagas")];

/// Scenarios 16 and 17 without a fault: a second relay, consumer and coordinator come while thousands of events wait.
pub(crate) async fn one_to_two(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let books = u64::try_from(books(scene).await?.len())?;
    let before = number(scene, "lendings", APPLIED, "applied").await?;
    let said = run(scene.stack, "books", &say_again(BACKLOG.div_ceil(books), BOOKS)).await?;
    ensure!(said >= BACKLOG, "only {said} events of {books} books were to be said");
    let mut pace = Pace::start(before);
    while pace.began.elapsed() < ALONE {
        pace.look(scene).await?;
    }
    let alone = pace.a_second();
    let mut others = Vec::new();
    for name in DOUBLED {
        others.push(scene.stack.another(name).await?);
    }
    let mut pace = Pace::start(pace.applied);
    while !is_shared(scene).await? {
        ensure!(pace.began.elapsed() < PATIENCE, "the others were given nothing");
        pace.look(scene).await?;
    }
    let goal = number(scene, "books", SAID, "said").await?;
    ensure!(pace.applied < goal, "all was applied before the others were given anything");
    while pace.applied < goal {
        ensure!(pace.began.elapsed() < PATIENCE, "{} of {goal} are applied", pace.applied);
        pace.look(scene).await?;
    }
    let (both, pause) = (pace.a_second(), pace.longest);
    for other in others {
        other.kill9()?;
    }
    ensure!(both * 100 >= alone * KEPT, "one applied {alone} events a second, and two {both}");
    ensure!(pause < PAUSE, "nothing was applied for {} ms", pause.as_millis());
    Ok(format!(
        "{said} events of {books} books: {alone} a second by one process of {}, {both} by two, at most {} ms without any",
        DOUBLED.join(", "),
        pause.as_millis()
    ))
}

/// How fast events are applied.
struct Pace {
    began: Instant,
    first: i64,
    applied: i64,
    /// Since when nothing was applied, and the longest time of that.
    since: Instant,
    longest: Duration,
}

impl Pace {
    fn start(applied: i64) -> Self {
        let began = Instant::now();
        Self { began, first: applied, applied, since: began, longest: Duration::ZERO }
    }

    /// Looks what is applied, after a while.
    async fn look(&mut self, scene: &Scene<'_>) -> anyhow::Result<()> {
        sleep(POLL).await;
        let now = number(scene, "lendings", APPLIED, "applied").await?;
        self.longest = self.longest.max(self.since.elapsed());
        if now > self.applied {
            (self.applied, self.since) = (now, Instant::now());
        }
        Ok(())
    }

    fn a_second(&self) -> u128 {
        let applied = u128::from((self.applied - self.first).unsigned_abs());
        applied * 1000 / self.began.elapsed().as_millis().max(1)
    }
}

/// Whether two processes were given messages of each topic that they share, and two say something.
async fn is_shared(scene: &Scene<'_>) -> anyhow::Result<bool> {
    for (topic, subscription) in SHARED {
        let url = format!(
            "{}/admin/v2/persistent/public/library/{topic}/partitioned-stats?perPartition=true",
            scene.stack.pulsar.admin_url()
        );
        let stats: Value = reqwest::get(url).await?.json().await?;
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
        if given.values().filter(|messages| **messages > 0).count() < 2 {
            return Ok(false);
        }
    }
    Ok(true)
}
