//! A subscription's messages into an inbox: received, applied or stored, acknowledged.

use std::{sync::Arc, time::Duration};

use super::{Arrival, Inbox, InboxStore, Ordering};
use crate::{
    backoff::Backoff,
    bus::{BusError, SharedBus, Subscription, SubscriptionName},
    error::StoreError,
    fault::{self, Place},
    planted::{self, Bug},
};

/// How many messages are taken at once.
const BATCH: usize = 500;
/// A subscription that was open for so long had not failed.
const STEADY: Duration = Duration::from_secs(5);

/// Fills an inbox from one subscription.
pub struct Consumer<S: InboxStore> {
    bus: SharedBus,
    subscription: SubscriptionName,
    ordering: Ordering,
    inbox: Arc<Inbox<S>>,
}

impl<S: InboxStore> Consumer<S> {
    /// For a topic of events; the subscription has the consumer's name, and must have been declared.
    pub fn of_events(bus: SharedBus, subscription: SubscriptionName, inbox: Arc<Inbox<S>>) -> Self {
        Self { bus, subscription, ordering: Ordering::Sequences, inbox }
    }

    /// For a topic of commands or replies.
    pub fn of_messages(bus: SharedBus, subscription: SubscriptionName, inbox: Arc<Inbox<S>>) -> Self {
        Self { bus, subscription, ordering: Ordering::Alone, inbox }
    }

    /// Receives, for ever. A subscription that fails is opened again; what was not acknowledged comes again.
    pub async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let began = tokio::time::Instant::now();
            if let Err(error) = self.receive_until_failure().await {
                let (topic, name) = (self.subscription.topic.name(), &self.subscription.name);
                tracing::warn!(topic, subscription = name, %error, "a subscription is opened again");
            }
            if began.elapsed() > STEADY {
                backoff.succeeded();
            }
            tokio::time::sleep(backoff.failed()).await;
        }
    }

    async fn receive_until_failure(&self) -> Result<(), ReceiveError> {
        let mut subscription = self.bus.subscribe(&self.subscription).await?;
        loop {
            self.receive_once(subscription.as_mut()).await?;
        }
    }

    /// Takes one batch from an open subscription into the inbox; how many messages that were.
    pub async fn receive_once(&self, subscription: &mut dyn Subscription) -> Result<usize, ReceiveError> {
        let deliveries = subscription.receive(BATCH).await?;
        fault::at(Place::ConsumerAfterReceive).await;
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        let arrivals = deliveries.into_iter();
        let arrivals =
            arrivals.map(|delivery| Arrival::read(&self.subscription.topic, self.ordering, delivery.body));
        let arrivals = arrivals.collect();
        if planted::is(Bug::AcknowledgeFirst) {
            subscription.acknowledge(&receipts).await?;
        }
        self.inbox.take(arrivals).await?;
        fault::at(Place::ConsumerAfterStore).await;
        subscription.acknowledge(&receipts).await?;
        fault::at(Place::ConsumerAfterAcknowledge).await;
        Ok(receipts.len())
    }
}

/// Messages were not taken into the inbox; those that were not acknowledged come again.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The bus failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
