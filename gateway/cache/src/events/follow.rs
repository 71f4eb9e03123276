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
/// A message that has been on its way for longer is worth a word, in milliseconds.
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
    loop {
        tokio::select! {
            next = changes.next() => match next {
                Some(Ok(message)) => hear(cache, &message).await,
                Some(Err(error)) => return error,
                None => return FeedError("the messages have ended".to_owned()),
            },
            _ = mend.tick() => cache.mend().await,
        }
    }
}

async fn hear(cache: &EntityCache, bytes: &[u8]) {
    match Message::parse(bytes) {
        Ok(message) => {
            let name = message.name();
            cache.forget(&name, message.touches()).await;
            let behind = message.age().unwrap_or(0);
            tracing::debug!(name, behind, "heard of a change");
            if behind > LATE {
                tracing::warn!(name, behind, "a change was heard of late, in milliseconds");
            }
        }
        Err(error) => {
            tracing::warn!(%error, "a message is no change that can be read; all that is kept is forgotten");
            cache.begin().await;
        }
    }
}
