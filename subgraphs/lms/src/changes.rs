//! What the services say of their changes, for the gateway's cache.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use lms_kit::bus::{BusError, LocalBus, LocalFollower, Topic};
use octavo_cache::{ChangeFeed, FeedError};

/// The services' events, read along on the bus of this process.
pub(crate) struct Changes {
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) topics: Vec<Topic>,
}

impl ChangeFeed for Changes {
    fn listen(&self) -> BoxFuture<'_, Result<octavo_cache::Changes, FeedError>> {
        async {
            let follower = self.bus.follow(&self.topics).await.map_err(|error| failed(&error))?;
            let batches = stream::unfold(follower, |mut follower: LocalFollower| async {
                Some((follower.next().await, follower))
            });
            let messages = batches.flat_map(|batch| {
                let messages = match batch {
                    Ok(bodies) => bodies.into_iter().map(|body| Ok(body.into())).collect(),
                    Err(error) => vec![Err(failed(&error))],
                };
                stream::iter(messages)
            });
            Ok(messages.boxed())
        }
        .boxed()
    }
}

fn failed(error: &BusError) -> FeedError {
    FeedError(error.to_string())
}
