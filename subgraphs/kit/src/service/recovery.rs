//! Topics that somebody has deleted: what they held and nobody had received comes once more.
//!
//! Whoever hears a service's events takes over its state anew, and skips what was applied. Whoever has sent commands or replies
//! sends once more those that are kept, and whoever has applied one drops it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{Service, Surroundings};
use crate::{
    bus::{MessageKind, Topic},
    error::Cause,
    outbox::Outbox,
};

/// How often it is asked whether topics are there still.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Looks, for ever.
pub(super) async fn run(service: &Service, around: &Surroundings, outbox: Arc<dyn Outbox>) {
    let mut lost = BTreeSet::new();
    loop {
        match around.bus.lost().await {
            Ok(topics) => lost.extend(topics),
            Err(error) => tracing::debug!(service = service.name(), %error, "the topics are not known"),
        }
        for topic in lost.clone() {
            match recover(service, around, outbox.as_ref(), &topic).await {
                Ok(()) => drop(lost.remove(&topic)),
                Err(error) => {
                    tracing::warn!(service = service.name(), topic = topic.name(), %error, "what a topic has lost is not there yet");
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn recover(
    service: &Service,
    around: &Surroundings,
    outbox: &dyn Outbox,
    topic: &Topic,
) -> Result<(), Cause> {
    let name = topic.name();
    match topic.kind() {
        MessageKind::Events => {
            let source = name.trim_end_matches(".events");
            for listener in &service.inner.listeners {
                listener.reload(around, source).await?;
            }
            tracing::info!(
                service = service.name(),
                topic = name,
                "a topic is new; what it told was taken over"
            );
        }
        MessageKind::Commands | MessageKind::Replies => {
            let messages = outbox.send_again(topic).await?;
            tracing::info!(
                service = service.name(),
                topic = name,
                messages,
                "a topic is new; messages leave again"
            );
        }
    }
    Ok(())
}
