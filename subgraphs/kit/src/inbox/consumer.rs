//! A subscription's messages into an inbox: received, applied or stored, acknowledged.

use std::{sync::Arc, time::Duration};

use super::{Inbox, InboxStore, Marker, Received};
use crate::{
    backoff::Backoff,
    bus::{BusError, Delivery, SharedBus, Subscription, SubscriptionName},
    error::StoreError,
    event::Envelope,
    fault::{self, Place},
    planted::{self, Bug},
};

/// How many messages are taken at once.
const BATCH: usize = 500;
/// A subscription that was open for so long had not failed.
const STEADY: Duration = Duration::from_secs(5);

/// How the messages of a topic are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ordering {
    /// Events: each in the sequence of its aggregate.
    Sequences,
    /// Commands and replies: each for itself.
    Alone,
}

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
        let received: Vec<Received> = deliveries.iter().map(|delivery| self.read(delivery)).collect();
        let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
        if planted::is(Bug::AcknowledgeFirst) {
            subscription.acknowledge(&receipts).await?;
        }
        self.inbox.take(&received).await?;
        fault::at(Place::ConsumerAfterStore).await;
        subscription.acknowledge(&receipts).await?;
        fault::at(Place::ConsumerAfterAcknowledge).await;
        Ok(deliveries.len())
    }

    fn read(&self, delivery: &Delivery) -> Received {
        match Envelope::as_written(&delivery.body) {
            Ok(event) => {
                // What could be parsed is text.
                let body = String::from_utf8_lossy(&delivery.body).into_owned();
                if let Some(marker) = Marker::of(&event) {
                    return marker.received(&event, body);
                }
                match self.ordering {
                    Ordering::Sequences if planted::is(Bug::NoOrder) => Received::alone(&event, body),
                    Ordering::Sequences => Received::in_sequence(&event, body),
                    Ordering::Alone => Received::alone(&event, body),
                }
            }
            Err(_) => Received::unreadable(self.subscription.topic.name(), &delivery.body),
        }
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
