//! Topics of a local bus, read along without a subscription: from a moment on, and nothing waits for the reader.

use std::{collections::HashMap, time::Instant};

use futures::future;
use tokio::{sync::watch, time::timeout};

use super::{
    RETENTION,
    store::Store,
    subscription::{MOST, POLL},
};
use crate::bus::BusError;

/// Reads what is published to some topics after it was made.
pub struct LocalFollower {
    store: Store,
    /// The topics, and what tells of more in each.
    wakers: HashMap<String, watch::Receiver<()>>,
    /// The number of the last message that was seen.
    last: i64,
    looked: Instant,
}

impl LocalFollower {
    pub(super) async fn open(
        store: Store,
        wakers: HashMap<String, watch::Receiver<()>>,
    ) -> Result<Self, BusError> {
        let last = store.newest().await?;
        Ok(Self { store, wakers, last, looked: Instant::now() })
    }

    /// Waits for messages, and returns the bodies of at least one. A message stays for a while only: a reader that was
    /// away for long is refused, since it may have missed some.
    pub async fn next(&mut self) -> Result<Vec<Vec<u8>>, BusError> {
        loop {
            if self.looked.elapsed() > RETENTION / 2 {
                return Err(BusError::Refused("it was read too long ago: messages may have gone".into()));
            }
            // Seen before the file is read: what is published in between wakes it again.
            self.wakers.values_mut().for_each(|waker| drop(waker.borrow_and_update()));
            let topics = self.wakers.keys().map(String::as_str);
            let found = self.store.published(topics, self.last, MOST).await?;
            self.looked = Instant::now();
            if let Some((last, _)) = found.last() {
                self.last = *last;
                return Ok(found.into_iter().map(|(_, body)| body).collect());
            }
            self.woken().await;
        }
    }

    /// Until something is published, or it is time to look.
    async fn woken(&mut self) {
        let changes = self.wakers.values_mut().map(|waker| {
            Box::pin(async {
                if waker.changed().await.is_err() {
                    // The bus was dropped: its file is looked at now and then.
                    future::pending::<()>().await;
                }
            })
        });
        // Woken or not: either way it looks.
        drop(timeout(POLL, future::select_all(changes)).await);
    }
}
