//! Engines that are killed, or stopped from running.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use octavo_engines::Engine;
use tokio::time::sleep;

use crate::run::Scene;
use crate::stack::{state_of, until_stopped};
use crate::stores::select;

/// Longer than a relay waits for the broker, and longer than a lease.
const LONG: Duration = Duration::from_secs(12);
const SHORT: Duration = Duration::from_secs(2);
/// How many operations are acknowledged before something happens.
const FIRST: usize = 20;
/// How many aggregates have something that has not left.
const WAITING: &str = "SELECT count(*) FROM outbox_heads WHERE waiting_since IS NOT NULL";

/// Scenario 9.
pub(crate) async fn broker_killed(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    killed(&mut scene.stack.pulsar)?;
    let meanwhile = writes_wait(scene).await?;
    scene.stack.pulsar.restart().await?;
    Ok(format!("no broker for {} s, {meanwhile}", LONG.as_secs()))
}

/// Scenario 11, seen from the bus: the broker names its own address to its clients, so that no door can stand before it.
pub(crate) async fn broker_half_open(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    stopped(&mut scene.stack.pulsar).await?;
    let meanwhile = writes_wait(scene).await?;
    scene.stack.pulsar.resume()?;
    Ok(format!("a broker that did not run for {} s, {meanwhile}", LONG.as_secs()))
}

/// Changes are acknowledged without a broker, and what they say waits.
async fn writes_wait(scene: &Scene<'_>) -> anyhow::Result<String> {
    let before = scene.load.acknowledged();
    sleep(LONG).await;
    let meanwhile = scene.load.acknowledged() - before;
    ensure!(meanwhile > 0, "nothing was acknowledged without a broker");
    let found = select(scene.stack, "genres", WAITING).await?;
    let waiting = found.first().and_then(|row| row["count"].as_i64()).unwrap_or_default();
    ensure!(waiting > 0, "no event of genres waited for the broker");
    Ok(format!("{meanwhile} operations acknowledged, events of {waiting} genres waiting"))
}

/// Scenario 10, killed.
pub(crate) async fn databases_killed(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    let before = scene.load.again();
    killed(&mut scene.stack.postgres)?;
    sleep(SHORT).await;
    scene.stack.postgres.restart().await?;
    scene.acknowledges(FIRST).await?;
    killed(&mut scene.stack.mongo)?;
    sleep(SHORT).await;
    scene.stack.mongo.restart().await?;
    Ok(format!("each away for {} s, {}", SHORT.as_secs(), refused(scene, before)?))
}

/// Scenario 10, stopped.
pub(crate) async fn documents_hang(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    let before = scene.load.again();
    stopped(&mut scene.stack.mongo).await?;
    sleep(LONG).await;
    scene.stack.mongo.resume()?;
    Ok(format!("a document server that did not run for {} s, {}", LONG.as_secs(), refused(scene, before)?))
}

fn killed(engine: &mut impl Engine) -> anyhow::Result<()> {
    let pid = engine.server().pid().context("the engine does not run")?;
    engine.kill9()?;
    ensure!(state_of(pid).is_none(), "the engine's process {pid} still is there");
    Ok(())
}

async fn stopped(engine: &mut impl Engine) -> anyhow::Result<()> {
    let pid = engine.server().pid().context("the engine does not run")?;
    engine.pause()?;
    until_stopped(pid).await
}

fn refused(scene: &Scene<'_>, before: usize) -> anyhow::Result<String> {
    let again = scene.load.again() - before;
    ensure!(again > 0, "no client noticed");
    Ok(format!("{again} operations not answered"))
}
