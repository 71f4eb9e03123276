//! Connections that are cut, or held.

use std::time::{Duration, Instant};

use anyhow::ensure;
use octavo_e2e::Wire;
use octavo_engines::Engine as _;
use tokio::time::sleep;

use crate::run::Scene;
use crate::stack::{DOCUMENTS, POSTGRES, REDIS};

/// How many operations are acknowledged before something happens.
const FIRST: usize = 20;
/// How much longer than it must a fault may stay before something has met it.
const MET_WITHIN: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// Scenario 11, cut.
pub(crate) async fn databases_cut(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let tables = hurt(scene, POSTGRES, Wire::Cut, Duration::from_secs(3)).await?;
    let documents = hurt(scene, DOCUMENTS, Wire::Cut, Duration::from_secs(3)).await?;
    Ok(format!("{tables}, {documents}"))
}

/// Scenario 11, half open: for longer than a statement may take.
pub(crate) async fn postgres_half_open(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    hurt(scene, POSTGRES, Wire::Held, Duration::from_secs(12)).await
}

/// Scenario 11, slow: everything takes long, and nothing takes too long.
pub(crate) async fn postgres_slow(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let (before, again) = (scene.load.acknowledged(), scene.load.again());
    let slow = hurt(scene, POSTGRES, Wire::Slow(Duration::from_millis(50)), Duration::from_secs(10)).await?;
    let meanwhile = scene.load.acknowledged() - before;
    ensure!(meanwhile > FIRST, "nothing was acknowledged over a slow wire");
    Ok(format!("{slow}, {meanwhile} operations acknowledged, {} not answered", scene.load.again() - again))
}

/// Scenario 22: no client may see an error because of it; none asks again but where a service is too busy, which has no Redis.
pub(crate) async fn redis_away(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    let before = scene.load.unanswered();
    scene.stack.redis.kill9()?;
    scene.acknowledges(FIRST).await?;
    ensure!(scene.stack.redis.server().pid().is_none(), "Redis runs");
    scene.stack.redis.restart().await?;
    let held = hurt(scene, REDIS, Wire::Held, Duration::from_secs(3)).await?;
    let unanswered = scene.load.unanswered() - before;
    ensure!(unanswered == 0, "{unanswered} operations were not answered without Redis");
    Ok(format!("killed for {FIRST} operations, {held}, every operation answered"))
}

async fn hurt(scene: &Scene<'_>, engine: &str, wire: Wire, length: Duration) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    let door = scene.stack.door(engine)?;
    let before = door.hurt();
    door.set(wire);
    sleep(length).await;
    // Who found an engine away leaves it alone for a while, and may not have asked again.
    let began = Instant::now();
    while door.hurt() == before && began.elapsed() < MET_WITHIN {
        sleep(POLL).await;
    }
    let hurt = door.hurt() - before;
    door.set(Wire::Open);
    ensure!(hurt > 0, "nothing passed the door of {engine}, so that nothing was hurt");
    Ok(format!("{engine}: {wire:?} for {} s met {hurt} connections or messages", length.as_secs()))
}
