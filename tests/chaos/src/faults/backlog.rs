//! More messages than a consumer takes at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::time::sleep;

use super::growth::{Progress, one_to_two, until_shared};
use super::restored::catalogue;
use crate::run::Scene;
use crate::stack::status_of;
use crate::stores::{run, select};

/// How many events wait for a consumer that was away.
const BACKLOG: u64 = 20_000;
/// Of how many books at least: both of two are to have some.
const BOOKS_AT_LEAST: usize = 32;
/// Far from the numbers of books that others choose.
const ISBNS: usize = 800_000_000;
/// Of the backlog's messages: more than there are markers meanwhile, one a second on each partition.
const MORE_THAN_MARKERS: u64 = 2_500;
/// What a consumer may have in memory then, in KiB.
const MOST: u64 = 512 * 1024;
/// How long the events take to leave, and to be applied.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);

/// Books of which nothing waits, so that a fault may write their events.
pub(super) const BOOKS: &str = "SELECT aggregate_id AS isbn FROM outbox_heads \
    WHERE aggregate_type = 'Book' AND waiting_since IS NULL AND lease_until <= now_ms()";
const SENT: &str =
    "SELECT coalesce(sum(next_seq - 1), 0)::bigint AS sent FROM outbox_heads WHERE aggregate_type = 'Book'";
const APPLIED: &str = "SELECT coalesce(sum(last_seq), 0)::bigint AS applied FROM inbox_streams WHERE source = 'books' AND stream LIKE 'Book/%'";
const SAID: &str = "SELECT sum(last_seq)::bigint AS said FROM outbox_heads WHERE aggregate_type = 'Book'";

/// Scenario 25: lendings come back to more than they take at once; in the middle of it a second relay comes, and a second consumer and
/// coordinator.
pub(crate) async fn slow_consumer(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let first = ISBNS + scene.load.acknowledged();
    for number in first..first + BOOKS_AT_LEAST {
        catalogue(scene, number, "awaitCompletion: \"PT20S\", ").await?;
    }
    scene.stack.kill9("lendings")?;
    let quiet = u64::try_from(books(scene).await?.len())?;
    let said = run(scene.stack, "books", &say_again(BACKLOG.div_ceil(quiet.max(2) - 1), BOOKS)).await?;
    ensure!(said >= BACKLOG, "only {said} events of {quiet} books were to be said");
    let goal = number(scene, "books", SAID, "said").await?;
    let sending = Progress { service: "books", query: SENT, column: "sent" };
    let (sent, relay) = one_to_two(scene, &sending, goal).await?;
    scene.stack.start_process("lendings").await?;
    let goal = number(scene, "books", SAID, "said").await?;
    let behind = goal - number(scene, "lendings", APPLIED, "applied").await?;
    ensure!(behind > 0, "lendings were not behind when they had started");
    let coordinator = scene.stack.another("sagas").await?;
    let applying = Progress { service: "lendings", query: APPLIED, column: "applied" };
    let (applied, consumer) = one_to_two(scene, &applying, goal).await?;
    until_shared(scene, "books.events", "lendings", MORE_THAN_MARKERS).await?;
    until_shared(scene, "sagas.replies", "sagas", 0).await?;
    let first = scene.stack.process("lendings")?.pid();
    let most = most_in_memory(first)?.max(most_in_memory(consumer.pid())?);
    ensure!(most < MOST, "lendings had {most} KiB in memory");
    for other in [coordinator, relay, consumer] {
        other.kill9()?;
    }
    Ok(format!(
        "{behind} events of {quiet} books waited: {sent}, {applied}, with {} MiB at most",
        most / 1024
    ))
}

/// What a process had in memory at most, in KiB.
fn most_in_memory(pid: u32) -> anyhow::Result<u64> {
    let most = status_of(pid, "VmHWM").context("the system does not say what a process had in memory")?;
    Ok(most.trim_end_matches(" kB").parse()?)
}

/// Books that have said something, as soon as there are some; nothing else may be hurt meanwhile.
pub(super) async fn books(scene: &Scene<'_>) -> anyhow::Result<Vec<Value>> {
    let began = Instant::now();
    loop {
        scene.acknowledges(10).await?;
        let found = select(scene.stack, "books", BOOKS).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        ensure!(began.elapsed() < PATIENCE, "no book was made within {} s", PATIENCE.as_secs());
    }
}

/// Each of these books says so often again what it said last.
pub(super) fn say_again(times: u64, books: &str) -> String {
    format!(
        "WITH head AS (UPDATE outbox_heads SET last_seq = last_seq + {times}, waiting_since = now_ms() \
           WHERE aggregate_type = 'Book' AND aggregate_id IN (SELECT isbn FROM ({books} FOR UPDATE) AS quiet) \
           RETURNING aggregate_id AS isbn, last_seq - {times} AS before), \
         event AS (SELECT head.*, n, md5(isbn || ' ' || (before + n))::uuid::text AS id \
           FROM head, generate_series(1, {times}) AS n) \
         INSERT INTO outbox (aggregate_type, aggregate_id, seq, event_id, type, schema_version, body, traceparent, \
           created_at, topic, recorded_at) \
         SELECT aggregate_type, aggregate_id, before + n, id, type, schema_version, \
           (body::jsonb || jsonb_build_object('seq', before + n, 'id', id))::text, traceparent, created_at, topic, \
           now_ms() FROM event JOIN outbox ON aggregate_type = 'Book' AND aggregate_id = isbn AND seq = before"
    )
}

/// Waits until a number in a service's database is as it should be.
pub(super) async fn until(
    scene: &Scene<'_>,
    service: &str,
    query: &str,
    column: &str,
    is_there: impl Fn(i64) -> bool,
) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let now = number(scene, service, query, column).await?;
        if is_there(now) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{service} {column} is {now} after {} s", PATIENCE.as_secs());
        sleep(POLL).await;
    }
}

/// The number that a query on a service's database finds.
pub(super) async fn number(
    scene: &Scene<'_>,
    service: &str,
    query: &str,
    column: &str,
) -> anyhow::Result<i64> {
    let rows = select(scene.stack, service, query).await?;
    rows.first()
        .and_then(|row| row[column].as_i64())
        .with_context(|| format!("`{query}` finds nothing in {service}"))
}
