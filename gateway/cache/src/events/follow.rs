//! The task that hears of changes.
//!
//! 1. It begins to listen, and forgets all that was kept before: nobody can say what was missed.
//! 2. Each message is noted before the next is taken.
//! 3. When something may have been missed, nothing is kept or given out until it listens again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{ChangeFeed, Changes, FeedError, Message};
use crate::EntityCache;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often Redis is tried when it has missed something.
const MEND_EVERY: Duration = Duration::from_millis(500);
/// A message that was on its way for longer is late, in milliseconds.
const LATE: i64 = 5_000;

/// Hears of changes for `cache`, for ever.
pub async fn follow(cache: Arc<EntityCache>, feed: Arc<dyn ChangeFeed>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match feed.listen().await {
            Ok(mut changes) => {
                cache.begin().await;
                tracing::info!("the cache hears of changes; what it held before is forgotten");
                pause = FIRST_PAUSE;
                hear_all(&cache, &mut changes).await
            }
            Err(error) => error,
        };
        cache.suspend();
        tracing::warn!(%error, "the cache hears of no changes; it gives nothing out until it does");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn hear_all(cache: &EntityCache, changes: &mut Changes) -> FeedError {
    let mut mend = interval(MEND_EVERY);
    mend.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut late = false;
    loop {
        tokio::select! {
            next = changes.next() => match next {
                Some(Ok(message)) => {
                    let lag = hear(cache, &message).await;
                    late = tell(late, lag);
                }
                Some(Err(error)) => return error,
                None => return FeedError("the messages have ended".to_owned()),
            },
            _ = mend.tick() => cache.mend().await,
        }
    }
}

/// Notes a message; how long it was on its way, in milliseconds.
async fn hear(cache: &EntityCache, bytes: &[u8]) -> i64 {
    match Message::parse(bytes) {
        Ok(message) => {
            let name = message.name();
            cache.forget(&name, message.touches()).await;
            let lag = message.age().unwrap_or(0);
            cache.note(lag);
            tracing::debug!(name, lag, "heard of a change");
            lag
        }
        Err(error) => {
            tracing::warn!(%error, "a message is no change that can be read; all that is kept is forgotten");
            cache.begin().await;
            cache.note(0);
            0
        }
    }
}

/// Says when changes begin to come late, and when they come in time again; whether they are late now.
fn tell(late: bool, lag: i64) -> bool {
    match (late, lag > LATE) {
        (false, true) => tracing::warn!(lag, "changes are heard of late; `lag` is in milliseconds"),
        (true, false) => tracing::info!(lag, "changes are heard of in time again"),
        _ => {}
    }
    lag > LATE
}
