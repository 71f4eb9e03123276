//! What is left of a student who was erased, wherever something of them could be: the files of every engine, every message of the bus,
//! every key of the gateway's cache, and what processes log.

mod cache;
mod life;
mod messages;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mongodb::bson::doc;
use octavo_chaos::Stack;
use octavo_e2e::files_with;
use octavo_engines::{Engine as _, Mongo, Postgres};
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::life::{Caller, KNOWN, KNOWN_TO_READERS};

/// What the gateway keeps of anything is gone by then: five seconds, and time for Redis to drop it.
const GONE_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_in_any_engine() -> anyhow::Result<()> {
    let mut stack = Stack::start().await?;
    cache::keep_files(&stack.redis).await?;
    let caller = Caller::new(stack.gateway()?);
    let number = caller.live().await?;
    everything_is_found(&mut stack, &caller).await?;

    caller.erase(&number).await?;
    nothing_stays_in_the_cache(&stack).await?;
    let messages = messages::all(&stack.pulsar).await?;
    let told = |text: &str| messages.iter().filter(|message| message.holds(text)).collect::<Vec<_>>();
    assert!(!told(&number).is_empty(), "the search finds what messages say: the number");
    assert!(!told("StudentErased").is_empty(), "all was read, to the end");
    for text in KNOWN {
        assert!(told(text).is_empty(), "messages hold {text}: {:?}", told(text));
    }
    for (name, log) in stack.logs()? {
        let log = log.to_ascii_lowercase();
        let logged: Vec<_> = KNOWN.iter().filter(|text| log.contains(&text.to_ascii_lowercase())).collect();
        assert!(logged.is_empty(), "{name} has logged {logged:?}");
    }

    stack.stop().await?;
    cache::rewrite_files(&stack.redis).await?;
    compact(&mut stack.postgres, &mut stack.mongo).await?;
    stack.redis.stop().await?;
    stack.pulsar.stop().await?;
    for place in places(&mut stack) {
        assert_eq!(files_with(&place, &KNOWN)?, []);
    }
    Ok(())
}

/// Where anything is written.
fn places(stack: &mut Stack) -> [PathBuf; 5] {
    let (postgres, mongo) = (stack.postgres.server().folder(), stack.mongo.server().folder());
    let (redis, pulsar) = (stack.redis.server().folder(), stack.pulsar.server().folder());
    [postgres, mongo, redis, pulsar, stack.folder().to_owned()]
}

/// The searches find what is there: all in files of the services' engines, and what clients read in the cache and its files.
async fn everything_is_found(stack: &mut Stack, caller: &Caller) -> anyhow::Result<()> {
    let [postgres, mongo, redis, pulsar, _] = places(stack);
    let owned = [files_with(&postgres, &KNOWN)?, files_with(&mongo, &KNOWN)?].concat();
    for text in KNOWN {
        assert!(owned.iter().any(|(_, found)| *found == text), "the search finds what is there: {text}");
    }
    let began = Instant::now();
    // The gateway answers before it writes.
    loop {
        caller.read().await?;
        let kept = cache::entries(&stack.redis).await?;
        if KNOWN_TO_READERS.iter().all(|text| kept.iter().any(|entry| entry.contains(text))) {
            break;
        }
        anyhow::ensure!(began.elapsed() < GONE_WITHIN, "what was read is not kept: {kept:?}");
        sleep(POLL).await;
    }
    let files = files_with(&redis, &KNOWN_TO_READERS)?;
    for text in KNOWN_TO_READERS {
        assert!(files.iter().any(|(_, found)| *found == text), "Redis has written what it was given: {text}");
    }
    assert_ne!(files_with(&pulsar, &["StudentRegistered"])?, [], "the broker's files say what messages say");
    Ok(())
}

async fn nothing_stays_in_the_cache(stack: &Stack) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let kept = cache::entries(&stack.redis).await?;
        let left: Vec<_> =
            KNOWN.iter().filter(|text| kept.iter().any(|entry| entry.contains(**text))).collect();
        if left.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(began.elapsed() < GONE_WITHIN, "the cache still holds {left:?}");
        sleep(POLL).await;
    }
}

/// Has each engine give up what was deleted, as docs/erasure.md says.
async fn compact(postgres: &mut Postgres, mongo: &mut Mongo) -> anyhow::Result<()> {
    for (database, statements) in [
        ("postgres", ["ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()"]),
        ("users", ["ANALYZE", "VACUUM FULL"]),
        ("sagas", ["ANALYZE", "VACUUM FULL"]),
        ("postgres", ["CHECKPOINT", "SELECT pg_switch_wal()"]),
        ("postgres", ["CHECKPOINT", "CHECKPOINT"]),
    ] {
        let mut connection = PgConnection::connect(&postgres.database_url(database)).await?;
        for statement in statements {
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        connection.close().await?;
    }
    let client = mongodb::Client::with_uri_str(&mongo.url()).await?;
    for collection in ["students", "comments", "activity", "events"] {
        client.database("students").run_command(doc! { "compact": collection, "force": true }).await?;
    }
    client.shutdown().await;
    mongo.stop().await?;
    postgres.stop().await
}
