//! As many events as two services and a bus can take.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use lms_kit::{
    inbox::{Consumer, Inbox, InboxOptions, InboxStore, SqlInbox},
    outbox::{Outbox, Relay, RelayOptions, SqlOutbox},
    sql::Sql,
};
use tokio::time::sleep;

use crate::{
    timed::TimedInbox,
    world::{Ear, LISTENER, OPENING, OWNER, World, nobody, subscription},
};

/// What was measured.
pub(crate) struct Throughput {
    pub(crate) events: i64,
    pub(crate) per_second: f64,
}

impl fmt::Display for Throughput {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, per_second } = self;
        write!(out, "{events} events, a transaction each: {per_second:.0} a second to the last effect")
    }
}

/// Writes for a time, and waits until all of it is applied.
pub(crate) async fn rate(
    world: &World,
    length: Duration,
    writers: usize,
    aggregates: usize,
) -> anyhow::Result<Throughput> {
    let outbox = Arc::new(SqlOutbox::new(world.owner.clone()));
    let relay = Relay::new(
        OWNER,
        Arc::clone(&outbox) as _,
        Arc::clone(&world.bus),
        world.owner.wake().clone(),
        RelayOptions::default(),
    );
    let store = TimedInbox { inbox: SqlInbox::new(world.listener.clone()), applied: Arc::default() };
    let inbox = Arc::new(Inbox::new(LISTENER, store.clone(), Ear, nobody(), InboxOptions::default()));
    let consumer = Consumer::of_events(Arc::clone(&world.bus), subscription(), Arc::clone(&inbox));
    let (relaying, consuming) = (tokio::spawn(relay.run()), tokio::spawn(consumer.run()));
    let applying = tokio::spawn(async move { inbox.run().await });

    let started = Instant::now();
    let writing = (0..writers).map(|writer| async move {
        let mut written = 0_i64;
        while started.elapsed() < length {
            let number = usize::try_from(written)? * writers + writer;
            world.write(&(number * 7 % aggregates).to_string(), written).await?;
            written += 1;
        }
        anyhow::Ok(written)
    });
    let written = futures_all(writing).await?;
    while outbox.backlog().await?.events > 0 || applied(world).await? < written {
        ensure!(started.elapsed() < length * 4 + OPENING, "events are still under way");
        sleep(Duration::from_millis(20)).await;
    }
    let took = started.elapsed().as_secs_f64();
    for task in [relaying, consuming, applying] {
        task.abort();
    }
    check(world, &store, written).await?;
    Ok(Throughput { events: written, per_second: f64::from(u32::try_from(written)?) / took })
}

async fn futures_all(
    all: impl Iterator<Item = impl Future<Output = anyhow::Result<i64>>>,
) -> anyhow::Result<i64> {
    Ok(futures::future::try_join_all(all).await?.into_iter().sum())
}

async fn applied(world: &World) -> anyhow::Result<i64> {
    let sum = Sql::new("SELECT CAST(COALESCE(SUM(applied), 0) AS BIGINT) AS applied FROM heard");
    let row = world.listener.row(&sum).await?;
    Ok(row.map_or(Ok(0), |row| row.int("applied"))?)
}

/// Each change has one event, each event one effect, each sequence ends where its owner's does, nothing waits.
async fn check(world: &World, store: &TimedInbox, written: i64) -> anyhow::Result<()> {
    let events = world.owner.row(&Sql::new("SELECT COUNT(*) AS n FROM outbox")).await?;
    let events = events.map_or(Ok(0), |row| row.int("n"))?;
    ensure!(events == written, "{written} changes and {events} events");
    ensure!(applied(world).await? == written, "{written} events and {} effects", applied(world).await?);
    let heads =
        "SELECT aggregate_type || '/' || aggregate_id AS stream, last_seq FROM outbox_heads ORDER BY 1";
    let heads = world.owner.rows(&Sql::new(heads)).await?;
    let heard = "SELECT stream, last_seq FROM heard WHERE applied = last_seq ORDER BY 1";
    let heard = world.listener.rows(&Sql::new(heard)).await?;
    ensure!(heads.len() == heard.len(), "{} sequences said, {} heard whole", heads.len(), heard.len());
    for (said, heard) in heads.iter().zip(&heard) {
        let (stream, said, heard) = (said.text("stream")?, said.int("last_seq")?, heard.int("last_seq")?);
        ensure!(said == heard, "{stream} is at {said}, and was heard up to {heard}");
    }
    let backlog = store.backlog(LISTENER).await?;
    ensure!(backlog.events == 0 && backlog.dead == 0, "{backlog:?}");
    Ok(())
}
