//! Engines whose disk is full.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use octavo_e2e::ask;
use octavo_engines::{Engine, may_have_disks};
use serde_json::json;
use tokio::time::sleep;

use crate::Stack;
use crate::run::Scene;

/// How many operations are acknowledged before something happens.
const FIRST: usize = 20;
/// How long a disk is full, once somebody has noticed.
const LENGTH: Duration = Duration::from_secs(5);
/// How long it may take until somebody does.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(20);

/// An engine's name, a mutation that it has to write for, and what is read from it.
type Kept = (&'static str, &'static str, &'static str);

const TABLES: Kept = (
    "PostgreSQL",
    "createGenre(name: \"NEW\", idempotencyKey: \"NEW\")",
    "{ genres(first: 5) { edges { node { name } } } }",
);
const DOCUMENTS: Kept = (
    "documents",
    "registerStudent(name: \"NEW\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", gdprConsent: true, \
     idempotencyKey: \"NEW\")",
    "{ students(first: 5) { edges { node { name } } } }",
);

/// Scenario 10, with a disk that is full: what cannot be written is refused as what is away, and what is there is read.
pub(crate) async fn disks_full(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    ensure!(may_have_disks()?, "disks that can be full take the right to mount them, which root has");
    scene.acknowledges(FIRST).await?;
    let tables = full(scene, TABLES, |stack| &mut stack.postgres).await?;
    scene.acknowledges(FIRST).await?;
    let documents = full(scene, DOCUMENTS, |stack| &mut stack.mongo).await?;
    Ok(format!("{tables}, {documents}"))
}

async fn full<E: Engine>(
    scene: &mut Scene<'_>,
    (name, mutation, read): Kept,
    engine: impl Fn(&mut Stack) -> &mut E,
) -> anyhow::Result<String> {
    let before = scene.load.again();
    engine(scene.stack).fill_disk()?;
    let written = until_refused(scene, name, mutation).await?;
    let (began, mut reads) = (Instant::now(), 0);
    while began.elapsed() < LENGTH {
        let answer = ask(scene.stack.gateway()?, read, json!({})).await?;
        ensure!(answer.data().is_ok(), "{name} is not read while its disk is full: {}", answer.text);
        reads += 1;
        sleep(POLL).await;
    }
    engine(scene.stack).free_disk()?;
    let again = scene.load.again() - before;
    Ok(format!(
        "{name} full after {written} more writes, {reads} times read then, {again} operations not answered"
    ))
}

/// Writes until that is refused, for the reason that the engine cannot now; how often it was not.
async fn until_refused(scene: &Scene<'_>, name: &str, mutation: &str) -> anyhow::Result<usize> {
    let (began, mut written) = (Instant::now(), 0);
    while began.elapsed() < PATIENCE {
        let mutation = mutation.replace("NEW", &format!("{name} {} {written}", scene.load.acknowledged()));
        let query = format!("mutation {{ done: {mutation} {{ problems {{ code message }} }} }}");
        let answer = ask(scene.stack.gateway()?, &query, json!({})).await?;
        match answer.body["data"]["done"]["problems"][0]["code"].as_str() {
            Some("UNAVAILABLE") => return Ok(written),
            None if answer.data().is_ok() => written += 1,
            _ => bail!("{name} refuses in another way: {}", answer.text),
        }
    }
    bail!("{name} was written {written} times, and nobody noticed that its disk is full")
}
