//! Messages that come again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::run::Scene;
use crate::stack::PARTICIPANTS;
use crate::stores::{run, select};

const TIMES: usize = 3;
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);

/// Whatever a relay has sent.
const SENT: &str = "waiting_since IS NULL AND lease_until <= now_ms()";
const WAITING: &str = "SELECT aggregate_id FROM outbox_heads WHERE waiting_since IS NOT NULL";
/// Forgets which requests and answers were applied, as a service does a while later.
const PURGE: &str = "DELETE FROM inbox_streams WHERE ready_since IS NULL AND parked_since IS NULL \
    AND (stream LIKE 'Command/%' OR stream LIKE 'Reply/%')";

/// Scenario 12: all that was said of books leaves again, three times; then all that sagas asked for, and the answers to it, when nobody
/// remembers any more that they were applied.
pub(crate) async fn said_again(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let (mut rewound, before) = (0, published(scene).await?);
    for _ in 0..TIMES {
        scene.acknowledges(20).await?;
        rewound += rewind(scene, "books", "Book").await?;
        until_sent(scene, "books").await?;
    }
    let messages = published(scene).await? - before;
    ensure!(
        rewound > 0 && messages >= rewound,
        "{rewound} books were to be told of again, {messages} messages left"
    );
    let (mut forgotten, mut answered) = (0, 0);
    for service in PARTICIPANTS.into_iter().chain(["sagas"]) {
        forgotten += run(scene.stack, service, PURGE).await?;
    }
    for service in PARTICIPANTS {
        answered += rewind(scene, service, "Reply").await?;
        until_sent(scene, service).await?;
    }
    let asked = rewind(scene, "sagas", "Command").await?;
    until_sent(scene, "sagas").await?;
    ensure!(forgotten > 0 && asked > 0 && answered > 0, "nothing of a saga was forgotten and said again");
    Ok(format!(
        "all of {rewound} books said again, {messages} messages on books.events; requests of {asked} sagas and \
        {answered} answers came again when {forgotten} streams of them were forgotten"
    ))
}

/// Lets a relay begin anew with what has left of this type; how many aggregates that are.
async fn rewind(scene: &Scene<'_>, service: &str, kind: &str) -> anyhow::Result<u64> {
    let rewind = format!(
        "UPDATE outbox_heads SET next_seq = 1, waiting_since = now_ms() WHERE {SENT} AND aggregate_type = '{kind}'"
    );
    run(scene.stack, service, &rewind).await
}

async fn until_sent(scene: &Scene<'_>, service: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    while !select(scene.stack, service, WAITING).await?.is_empty() {
        ensure!(began.elapsed() < PATIENCE, "what {service} said does not leave again");
        sleep(POLL).await;
    }
    Ok(())
}

/// How many messages the broker has taken for the topic.
async fn published(scene: &Scene<'_>) -> anyhow::Result<u64> {
    let admin = scene.stack.pulsar.admin_url();
    let url = format!("{admin}/admin/v2/persistent/public/library/books.events/partitioned-stats");
    let stats: Value = reqwest::get(&url).await?.error_for_status()?.json().await?;
    stats["msgInCounter"].as_u64().with_context(|| format!("{url} does not count messages: {stats}"))
}
