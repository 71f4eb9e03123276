//! Two processes of a service, of which one sleeps in the middle of something.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use octavo_e2e::Running;
use serde_json::Value;
use tokio::time::sleep;

use super::backlog::number;
use crate::run::Scene;
use crate::stack::until_stopped;
use crate::stores::select;

/// How long a process may take to be met in the middle of something, and another to take over.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);
/// How long both work beside one another at the end.
const TOGETHER: Duration = Duration::from_secs(3);

/// For how long a coordinator sleeps: longer than the database leaves it what it holds.
const ASLEEP: Duration = Duration::from_secs(14);

/// What a relay has claimed and not settled.
const CLAIMED: &str = "SELECT aggregate_type AS type, aggregate_id AS id, fence FROM outbox_heads \
    WHERE waiting_since IS NOT NULL AND lease_until > now_ms()";
/// Transactions that have begun and wait for their client.
const OPEN: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = 'sagas' AND state = 'idle in transaction'";
const FENCES: &str = "SELECT aggregate_type AS type, aggregate_id AS id, fence FROM outbox_heads";
/// How often sagas have moved.
const MOVES: &str = "SELECT coalesce(sum(version), 0)::bigint AS moves FROM sagas";

/// Scenario 16: a relay sleeps with its claims, another takes them over, and the first wakes up.
pub(crate) async fn two_relays(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let claimed = stop_in(scene, "genres", CLAIMED).await?;
    let other = scene.stack.another("genres").await?;
    scene.stack.divert("genres", other.address()).await?;
    let (began, mut left) = (Instant::now(), claimed.len());
    while left > 0 {
        ensure!(began.elapsed() < PATIENCE, "nobody took over {left} of {claimed:?}");
        sleep(POLL).await;
        let now = select(scene.stack, "genres", FENCES).await?;
        left = claimed.iter().filter(|claim| now.iter().any(|head| is_same(claim, head))).count();
    }
    wake_beside(scene, "genres", other).await?;
    Ok(format!("a relay asleep with {} claims, which another took over at higher fences", claimed.len()))
}

fn is_same(claim: &Value, head: &Value) -> bool {
    ["type", "id", "fence"].iter().all(|field| claim[field] == head[field])
}

/// Scenario 17: a coordinator sleeps within a transaction, another goes on, and the first wakes up.
pub(crate) async fn two_coordinators(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let open = stop_in(scene, "sagas", OPEN).await?;
    let other = scene.stack.another("sagas").await?;
    scene.stack.divert("sagas", other.address()).await?;
    let before = number(scene, "sagas", MOVES, "moves").await?;
    sleep(ASLEEP).await;
    let moves = number(scene, "sagas", MOVES, "moves").await? - before;
    ensure!(moves > 0, "no saga moved while a coordinator slept");
    let left = select(scene.stack, "sagas", OPEN).await?;
    let held = open.iter().filter(|asleep| left.contains(asleep)).count();
    ensure!(held == 0, "{held} transactions of a coordinator that slept for {} s are open", ASLEEP.as_secs());
    wake_beside(scene, "sagas", other).await?;
    Ok(format!(
        "a coordinator asleep within {} transactions for {} s, which the database ended; another moved sagas {moves} times meanwhile",
        open.len(),
        ASLEEP.as_secs()
    ))
}

/// Stops a process while a query on its database finds something; what it finds then.
async fn stop_in(scene: &mut Scene<'_>, service: &str, query: &str) -> anyhow::Result<Vec<Value>> {
    scene.acknowledges(10).await?;
    let (began, pid) = (Instant::now(), scene.stack.process(service)?.pid());
    while began.elapsed() < PATIENCE {
        scene.stack.process(service)?.pause()?;
        until_stopped(pid).await?;
        let found = select(scene.stack, service, query).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        scene.stack.process(service)?.resume()?;
        sleep(Duration::from_millis(u64::try_from(scene.chance.below(50))?)).await;
    }
    bail!("{service} was never met where `{query}` finds something")
}

/// Lets the first run on beside the other, which goes away then.
async fn wake_beside(scene: &mut Scene<'_>, service: &str, other: Running) -> anyhow::Result<()> {
    let first = scene.stack.process(service)?;
    first.resume()?;
    let address = first.address();
    sleep(TOGETHER).await;
    scene.stack.divert(service, address).await?;
    other.kill9()
}
