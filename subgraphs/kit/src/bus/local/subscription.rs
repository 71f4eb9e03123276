//! An open subscription of a local bus.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

use super::store::Store;
use crate::bus::{BusError, Delivery, Receipt, Subscription};

/// How often it looks without having been woken: another process may have published.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// How many messages a follower takes at a time.
pub(super) const MOST: usize = 200;

pub(super) struct LocalSubscription {
    store: Store,
    id: i64,
    turn: Arc<Semaphore>,
    /// Held from the first `receive` until this is dropped.
    active: Option<OwnedSemaphorePermit>,
    woken: watch::Receiver<()>,
    /// The number of the last message that it was given.
    last: i64,
}

impl LocalSubscription {
    pub(super) fn new(store: Store, id: i64, turn: Arc<Semaphore>, woken: watch::Receiver<()>) -> Self {
        Self { store, id, turn, active: None, woken, last: 0 }
    }

    /// Waits until no other open subscription of this name gets the messages.
    async fn take_turn(&mut self) {
        if self.active.is_none() {
            self.active = self.turn.clone().acquire_owned().await.ok();
        }
    }
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BusError> {
        self.take_turn().await;
        loop {
            // Seen before the file is read: what is published in between wakes it again.
            self.woken.borrow_and_update();
            let deliveries = self.store.waiting(self.id, self.last, most).await?;
            if let Some((last, _)) = deliveries.last() {
                self.last = *last;
                return Ok(deliveries.into_iter().map(|(_, delivery)| delivery).collect());
            }
            // Woken, or time to look: either way it looks.
            drop(timeout(POLL, self.woken.changed()).await);
        }
    }

    async fn acknowledge(&mut self, receipts: &[Receipt]) -> Result<(), BusError> {
        self.store.acknowledge(self.id, receipts).await
    }
}
