//! A bus in a SQLite file, for services that share one process.
//!
//! A message is one row, and one row more for each durable subscription of its topic, written in the same
//! transaction. A subscription deletes its own rows when it acknowledges; the message itself stays for
//! [`RETENTION`], for subscriptions that are declared later, and for as long as a subscription waits for it.
//! Writers take the write lock before they take a number, so that numbers show in the order in which they
//! are committed and a reader that goes on after the last one misses nothing.
//!
//! Every commit is on the disk before it is answered (`synchronous = FULL`): an outbox that was told that its
//! message is sent forgets it, so that after a power cut nobody else would have it.

mod follower;
mod store;
mod subscription;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};

pub use follower::LocalFollower;

use self::{store::Store, subscription::LocalSubscription};
use super::{
    BROKERS_TAKE, Bus, BusError, BusOpenError, Outgoing, Subscription, SubscriptionName, Topic, largest,
};

/// How long a message is kept for subscriptions that are not declared yet.
pub(super) const RETENTION: Duration = Duration::from_hours(1);
/// A bus in a SQLite file. Other processes may open the same file, and see new messages within a second;
/// only within one process do open subscriptions of one name take turns.
pub struct LocalBus {
    store: Store,
    wakers: Mutex<HashMap<Topic, watch::Sender<()>>>,
    turns: Mutex<HashMap<SubscriptionName, Arc<Semaphore>>>,
}

impl LocalBus {
    /// Opens the bus of a file, and makes it if it is not there.
    pub async fn open(path: &Path) -> Result<Self, BusOpenError> {
        let store = Store::open(path).await.map_err(|source| BusOpenError::Connect {
            url: format!("sqlite:{}", path.display()),
            source: source.into(),
        })?;
        Ok(Self { store, wakers: Mutex::default(), turns: Mutex::default() })
    }

    /// Reads along what is published to topics from now on, whoever subscribes.
    pub async fn follow(&self, topics: &[Topic]) -> Result<LocalFollower, BusError> {
        if topics.is_empty() {
            return Err(BusError::Refused("no topic to follow is named".into()));
        }
        let waker = |topic: &Topic| (topic.name().to_owned(), self.waker(topic).subscribe());
        LocalFollower::open(self.store.clone(), topics.iter().map(waker).collect()).await
    }

    /// What tells the subscriptions of a topic that there is more.
    fn waker(&self, topic: &Topic) -> watch::Sender<()> {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.entry(topic.clone()).or_default().clone()
    }

    /// One permit: the open subscription that holds it gets the messages, the others wait for it.
    fn turn(&self, subscription: &SubscriptionName) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(subscription.clone()).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn declare(&self, topics: &[Topic], subscriptions: &[SubscriptionName]) -> Result<(), BusError> {
        self.store.declare(topics, subscriptions).await
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>> {
        let mut results = messages.iter().map(check_size).collect::<Vec<_>>();
        let fit = messages.into_iter().zip(&results).filter(|(_, result)| result.is_ok());
        let fit: Vec<Outgoing> = fit.map(|(message, _)| message).collect();
        let mut stored = self.store.publish(&fit).await.into_iter();
        for (index, result) in results.iter_mut().filter(|result| result.is_ok()).enumerate() {
            *result = stored.next().unwrap_or(Ok(()));
            if result.is_ok() {
                self.waker(&fit[index].topic).send_replace(());
            }
        }
        results
    }

    async fn partition_keys(&self, _: &Topic) -> Result<Vec<String>, BusError> {
        Ok(vec!["0".to_owned()])
    }

    async fn subscribe(&self, subscription: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError> {
        let id = self.store.subscription(subscription).await?;
        let woken = self.waker(&subscription.topic).subscribe();
        Ok(Box::new(LocalSubscription::new(self.store.clone(), id, self.turn(subscription), woken)))
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.store.ping().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

fn check_size(message: &Outgoing) -> Result<(), BusError> {
    let (bytes, limit) = (message.bytes(), largest(BROKERS_TAKE));
    if bytes > limit { Err(BusError::TooLarge { bytes, limit }) } else { Ok(()) }
}
