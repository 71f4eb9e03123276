//! The bus: what services say to one another leaves on it, and comes to whoever has subscribed.
//!
//! A topic is a log in partitions; messages with the same key keep their order as long as nothing fails. A
//! subscription is durable: what is published after it was declared waits for it until it is acknowledged.
//! Delivery is at least once, and may repeat and reorder after a failure: the outbox numbers what it sends,
//! and the inbox applies each number once, in order.
//!
//! Adapters: [`LocalBus`] keeps a log in a SQLite file, for services that share one process; Pulsar (feature
//! `pulsar`) joins services anywhere; [`NoBus`] is for a service that runs alone. One suite holds the first two.

mod local;
mod none;
#[cfg(feature = "pulsar")]
mod pulsar;
mod url;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use local::{LocalBus, LocalFollower};
pub use none::NoBus;
#[cfg(feature = "pulsar")]
pub use pulsar::{PulsarBus, PulsarOptions, Token, WhenFull};
pub use url::{BusOpenError, BusOptions, open};

/// What the messages of a topic are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageKind {
    /// What has happened to a service's aggregates.
    Events,
    /// What a service is asked to do.
    Commands,
    /// What a service is answered.
    Replies,
}

/// A log of messages, such as the events of one service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(String);

impl Topic {
    /// What a service says of its own aggregates.
    #[must_use]
    pub fn events(service: &str) -> Self {
        Self(format!("{service}.events"))
    }

    /// What a service is asked to do.
    #[must_use]
    pub fn commands(service: &str) -> Self {
        Self(format!("{service}.commands"))
    }

    /// What a service is answered.
    #[must_use]
    pub fn replies(service: &str) -> Self {
        Self(format!("{service}.replies"))
    }

    /// A topic by the name that an outbox row keeps.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// What its messages are.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self.0.rsplit('.').next() {
            Some("commands") => MessageKind::Commands,
            Some("replies") => MessageKind::Replies,
            _ => MessageKind::Events,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A durable subscription: the messages of a topic, for the service of this name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionName {
    /// What is subscribed to.
    pub topic: Topic,
    /// Who subscribes; replicas of a service share the name.
    pub name: String,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// Messages with the same key keep their order.
    pub key: String,
    /// The message's own identifier, for logs and tools; it is in the body as well.
    pub id: String,
    /// The message, a `CloudEvent` in JSON.
    pub body: String,
}

impl Outgoing {
    /// How many bytes it has beside what a bus adds.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len() + self.key.len() + self.id.len()
    }
}

/// What a Pulsar broker takes when nobody has changed it, in bytes. Other buses take no more, so that what
/// leaves on one leaves on each.
const BROKERS_TAKE: usize = 5 * 1024 * 1024;

/// The most that a message may have where a bus takes this much, with room for what the bus adds. A broker whose
/// store refuses what it has taken tries again for ever, and nothing more leaves on that partition.
const fn largest(taken: usize) -> usize {
    const ADDED: usize = 16 * 1024;
    taken.saturating_sub(ADDED)
}

/// A message that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its key.
    pub key: String,
    /// Its bytes, which nobody has looked into.
    pub body: Vec<u8>,
    /// By which it is acknowledged.
    pub receipt: Receipt,
}

/// The number of a delivery within its [`Subscription`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Receipt(pub u64);

/// Why a bus did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The bus is away or too busy; the same call may succeed later.
    #[error("the bus is away: {0}")]
    Away(#[source] crate::error::Cause),
    /// No answer within this time; a message may have been sent or not.
    #[error("the bus did not answer within {0:?}")]
    Timeout(Duration),
    /// The message is larger than the bus takes: it can never be sent.
    #[error("the message has {bytes} bytes, and the bus takes {limit}")]
    TooLarge {
        /// What it has, its key and its identifier included.
        bytes: usize,
        /// The most that the bus takes.
        limit: usize,
    },
    /// The bus refused the call, and will again.
    #[error("the bus refused: {0}")]
    Refused(#[source] crate::error::Cause),
}

impl BusError {
    /// Whether this message can never be sent, however often it is tried.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }

    /// The same error once more, for the next of several messages that failed together.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Away(cause) => Self::Away(cause.to_string().into()),
            Self::Timeout(after) => Self::Timeout(*after),
            Self::TooLarge { bytes, limit } => Self::TooLarge { bytes: *bytes, limit: *limit },
            Self::Refused(cause) => Self::Refused(cause.to_string().into()),
        }
    }
}

/// Carries messages between services.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sees to it that these topics and subscriptions are there; a subscription that is new begins with the
    /// topic's earliest message that is still kept. Declaring twice is declaring once.
    async fn declare(&self, topics: &[Topic], subscriptions: &[SubscriptionName]) -> Result<(), BusError>;

    /// Sends messages, each of which is stored when its result is `Ok`; one result for each message, in
    /// their order. Those with one key are sent in their order; after the first of them that fails, the
    /// later ones of its key may have been sent or not.
    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>>;

    /// A key for each partition of a declared topic, in the order of the partitions; none where nothing is kept.
    async fn partition_keys(&self, topic: &Topic) -> Result<Vec<String>, BusError>;

    /// Opens a declared subscription. Of several that are open at once under one name, each partition's
    /// messages go to one of them.
    async fn subscribe(&self, subscription: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError>;

    /// Makes anew what was declared and is there no longer. The topics that have been made anew since this was asked last, by whomever:
    /// what they held and nobody had received is lost. A bus whose topics nobody can delete has none.
    async fn lost(&self) -> Result<Vec<Topic>, BusError> {
        Ok(Vec::new())
    }

    /// Whether the bus answers.
    async fn ping(&self) -> Result<(), BusError>;

    /// Closes what is open.
    async fn close(&self);
}

/// An open subscription. Dropped, what is not acknowledged comes again, to it or to another of its name.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for messages, and returns between one and `most` of them. A call that is dropped loses nothing.
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BusError>;

    /// Says that these are stored; what the bus does not come to know, since it failed meanwhile, comes again.
    async fn acknowledge(&mut self, receipts: &[Receipt]) -> Result<(), BusError>;
}

/// A bus that services share.
pub type SharedBus = Arc<dyn Bus>;
