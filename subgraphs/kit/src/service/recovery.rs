//! Topics that somebody has deleted: what they held and nobody had received comes once more.
//!
//! Whoever hears a service's events takes over its state anew, and skips what was applied. Whoever has sent commands or replies
//! sends once more those that are kept, and whoever has applied one drops it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{Service, Surroundings};
use crate::{
    bus::{MessageKind, Topic},
    error::{Cause, StoreError},
    outbox::Outbox,
};

/// How often it is asked whether topics are there still.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What is still to be done of what topics have lost.
#[derive(Default)]
struct Owed {
    /// Topics of which nothing is noted yet, or whose messages are to leave again.
    lost: BTreeSet<Topic>,
    /// Topics of events of which it is noted that they are to be taken over. Who ends meanwhile goes on when it starts.
    noted: BTreeSet<Topic>,
}

/// Looks, for ever.
pub(super) async fn run(service: &Service, around: &Surroundings, outbox: Arc<dyn Outbox>) {
    let mut owed = Owed::default();
    loop {
        match around.bus.lost().await {
            Ok(topics) => owed.lost.extend(topics),
            Err(error) => tracing::debug!(service = service.name(), %error, "the topics are not known"),
        }
        // What takes long is done last, so that it keeps nothing else.
        for topic in owed.lost.clone() {
            if done(service, &topic, begin(service, around, outbox.as_ref(), &topic).await) {
                owed.lost.remove(&topic);
                if topic.kind() == MessageKind::Events {
                    owed.noted.insert(topic);
                }
            }
        }
        for topic in owed.noted.clone() {
            if done(service, &topic, take_over(service, around, &topic).await) {
                owed.noted.remove(&topic);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether it was done; if not, it is told.
fn done<E: Into<Cause>>(service: &Service, topic: &Topic, result: Result<(), E>) -> bool {
    let Err(error) = result.map_err(Into::into) else { return true };
    let (service, topic) = (service.name(), topic.name());
    tracing::warn!(service, topic, %error, "what a topic has lost is not there yet");
    false
}

/// Sends messages again, and notes what is to be taken over.
async fn begin(
    service: &Service,
    around: &Surroundings,
    outbox: &dyn Outbox,
    topic: &Topic,
) -> Result<(), StoreError> {
    if topic.kind() != MessageKind::Events {
        let sequences = outbox.send_again(topic).await?;
        let (service, topic) = (service.name(), topic.name());
        tracing::info!(service, topic, sequences, "a topic is new; messages leave again");
        return Ok(());
    }
    for listener in &service.inner.listeners {
        listener.unload(around, source(topic)).await?;
    }
    Ok(())
}

async fn take_over(service: &Service, around: &Surroundings, topic: &Topic) -> Result<(), Cause> {
    for listener in &service.inner.listeners {
        listener.load(around, source(topic)).await?;
    }
    tracing::info!(
        service = service.name(),
        topic = topic.name(),
        "a topic is new; what it told was taken over"
    );
    Ok(())
}

/// The service whose events a topic has.
fn source(topic: &Topic) -> &str {
    topic.name().trim_end_matches(".events")
}
