//! Processes that are killed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use octavo_e2e::{Wire, ask};
use serde_json::json;
use tokio::time::sleep;

use crate::check::key_in;
use crate::run::Scene;
use crate::stack::SERVICES;
use crate::stores::select;

/// How often some process is killed at some time: after this many, all is checked.
const CYCLES: usize = 10;
/// The longest that a process runs, or is away, between two kills, in ms.
const LONGEST: usize = 400;
/// How often the gateway is.
const GATEWAYS: usize = 3;
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(20);

/// Ten times, some process at some time.
pub(crate) async fn kill_cycles(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    // Whoever keeps nothing has nothing to lose.
    let all: Vec<&str> = SERVICES.into_iter().filter(|name| *name != "node").chain(["gateway"]).collect();
    let mut killed: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..CYCLES {
        let name = all[scene.chance.below(all.len())];
        sleep(Duration::from_millis(u64::try_from(scene.chance.below(LONGEST))?)).await;
        scene.stack.kill9(name)?;
        sleep(Duration::from_millis(u64::try_from(scene.chance.below(LONGEST))?)).await;
        scene.stack.start_process(name).await?;
        *killed.entry(name).or_default() += 1;
    }
    let killed: Vec<String> = killed.into_iter().map(|(name, times)| format!("{name} {times}")).collect();
    Ok(format!("{CYCLES} processes killed, each gone before the next of its kind: {}", killed.join(", ")))
}

/// Scenario 24: each gateway ends between what a mutation did and its answer, and is asked again under the same key.
pub(crate) async fn gateway_killed(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    for number in 0..GATEWAYS {
        let name = format!("Between {} {number}", scene.load.acknowledged());
        let query = format!(
            "mutation {{ createGenre(name: \"{name}\", idempotencyKey: \"{name}\") {{ genre {{ id }} }} }}"
        );
        let gateway = scene.stack.gateway()?;
        scene.stack.door("genres")?.set(Wire::Mute);
        let asked = tokio::spawn({
            let query = query.clone();
            async move { ask(gateway, &query, json!({})).await }
        });
        let stored = stored_genre(scene, &name).await?;
        ensure!(!asked.is_finished(), "the gateway answered although genres could not");
        scene.stack.kill9("gateway")?;
        scene.stack.door("genres")?.set(Wire::Open);
        let answer = asked.await?;
        ensure!(answer.is_err(), "a gateway that was killed answered: {answer:?}");
        scene.stack.start_process("gateway").await?;
        let answer = ask(scene.stack.gateway()?, &query, json!({})).await?;
        let again = answer.data()?["createGenre"]["genre"]["id"].clone();
        let again = again.as_str().with_context(|| answer.text.clone())?;
        ensure!(key_in(again) == stored, "{name} was stored as {stored}, and asked again is {again}");
    }
    Ok(format!("{GATEWAYS} gateways killed between a row and its answer, the same row when asked again"))
}

/// The identifier of a genre, as soon as it is stored.
async fn stored_genre(scene: &Scene<'_>, name: &str) -> anyhow::Result<String> {
    let (began, query) = (Instant::now(), format!("SELECT id FROM genres WHERE name = '{name}'"));
    while began.elapsed() < PATIENCE {
        if let Some(id) =
            select(scene.stack, "genres", &query).await?.first().and_then(|row| row["id"].as_str())
        {
            return Ok(id.to_owned());
        }
        sleep(POLL).await;
    }
    bail!("{name} was not stored within {} s", PATIENCE.as_secs())
}
