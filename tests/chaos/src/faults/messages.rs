//! Messages that come again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::run::Scene;
use crate::stores::{run, select};

const TIMES: usize = 3;
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(200);

/// Lets a relay begin anew with what has left.
const REWIND: &str = "UPDATE outbox_heads SET next_seq = 1, waiting_since = now_ms() \
    WHERE waiting_since IS NULL AND lease_until <= now_ms() AND aggregate_type = 'Book'";
const WAITING: &str = "SELECT aggregate_id FROM outbox_heads WHERE waiting_since IS NOT NULL";

/// Scenario 12: all that was said of books leaves again, three times.
pub(crate) async fn said_again(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    let (mut rewound, before) = (0, published(scene).await?);
    for _ in 0..TIMES {
        scene.acknowledges(20).await?;
        rewound += run(scene.stack, "books", REWIND).await?;
        let began = Instant::now();
        while !select(scene.stack, "books", WAITING).await?.is_empty() {
            ensure!(began.elapsed() < PATIENCE, "what was said of books does not leave again");
            sleep(POLL).await;
        }
    }
    let messages = published(scene).await? - before;
    ensure!(
        rewound > 0 && messages >= rewound,
        "{rewound} books were to be told of again, {messages} messages left"
    );
    Ok(format!("all of {rewound} books said again, {messages} messages on books.events"))
}

/// How many messages the broker has taken for the topic.
async fn published(scene: &Scene<'_>) -> anyhow::Result<u64> {
    let admin = scene.stack.pulsar.admin_url();
    let url = format!("{admin}/admin/v2/persistent/public/library/books.events/partitioned-stats");
    let stats: Value = reqwest::get(&url).await?.error_for_status()?.json().await?;
    stats["msgInCounter"].as_u64().with_context(|| format!("{url} does not count messages: {stats}"))
}
