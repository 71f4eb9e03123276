//! A bus on Apache Pulsar, for services anywhere.
//!
//! Topics have partitions, and a key always goes to the same one. Subscriptions are of the kind Failover: of
//! several that are open, each partition's messages go to one. A negative acknowledgement would break the order
//! of a key, so there is none: what is not acknowledged comes again when its consumer is built anew.
//!
//! Producers have no name of their own. The driver counts a producer's messages from nought, so that a broker
//! that drops duplicates would drop, after a restart, what is new; deduplication is the inbox's.

mod admin;
mod client;
mod declared;
mod options;
mod partition;
mod publish;
mod rest;
mod subscription;
mod unacknowledged;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::future::join_all;
use pulsar::message::proto::command_get_topics_of_namespace::Mode;

use self::{
    admin::Admin, client::Clients, declared::Declared, publish::TopicProducer,
    subscription::PulsarSubscription,
};
use super::{Bus, BusError, BusOpenError, Outgoing, Subscription, SubscriptionName, Topic};

pub use options::{PulsarOptions, Token, WhenFull};

/// A bus on a Pulsar cluster. Nothing is connected before it is needed, and what fails is built anew.
pub struct PulsarBus {
    options: Arc<PulsarOptions>,
    /// Publishing has a connection of its own: the driver leaves Nagle's algorithm on, and a message would wait for
    /// 40 ms behind an acknowledgement, which nobody answers.
    publishing: Clients,
    subscribing: Clients,
    admin: Option<Arc<Admin>>,
    declared: Option<Declared>,
    producers: Mutex<HashMap<Topic, Arc<TopicProducer>>>,
}

impl PulsarBus {
    /// A bus on this cluster, which need not be there yet.
    pub fn open(options: PulsarOptions) -> Result<Self, BusOpenError> {
        options.check()?;
        // The drivers ask for the process's choice; one that was made before is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let options = Arc::new(options);
        let admin = options.admin_url.as_ref().map(|url| Admin::new(url, options.clone()));
        let admin = admin.transpose()?.map(Arc::new);
        Ok(Self {
            publishing: Clients::new(options.clone()),
            subscribing: Clients::new(options.clone()),
            options,
            declared: admin.clone().map(Declared::new),
            admin,
            producers: Mutex::default(),
        })
    }

    fn producer(&self, topic: &Topic) -> Arc<TopicProducer> {
        let mut producers = self.producers.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || TopicProducer::new(self.options.clone(), self.publishing.clone(), self.admin.clone(), topic);
        producers.entry(topic.clone()).or_insert_with(|| Arc::new(new())).clone()
    }

    /// Without the admin API nothing can be created, and of what is there only topics can be asked for.
    async fn check(&self, topics: impl Iterator<Item = &Topic>) -> Result<(), BusError> {
        for topic in topics {
            self.publishing.partitions(&self.options.full_name(topic.name())).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Bus for PulsarBus {
    async fn declare(&self, topics: &[Topic], subscriptions: &[SubscriptionName]) -> Result<(), BusError> {
        if let Some(declared) = &self.declared {
            return declared.declare(topics, subscriptions).await;
        }
        let subscribed = subscriptions.iter().map(|subscription| &subscription.topic);
        self.check(topics.iter().chain(subscribed)).await
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>> {
        let mut results: Vec<_> = messages.iter().map(|_| Ok(())).collect();
        let mut topics: BTreeMap<Topic, Vec<(usize, Outgoing)>> = BTreeMap::new();
        for (index, message) in messages.into_iter().enumerate() {
            topics.entry(message.topic.clone()).or_default().push((index, message));
        }
        let sent = join_all(topics.into_iter().map(|(topic, messages)| {
            let producer = self.producer(&topic);
            async move { producer.publish(messages).await }
        }));
        for (index, result) in sent.await.into_iter().flatten() {
            results[index] = result;
        }
        results
    }

    async fn partition_keys(&self, topic: &Topic) -> Result<Vec<String>, BusError> {
        let count = self.publishing.partitions(&self.options.full_name(topic.name())).await?;
        Ok(publish::keys_of_partitions(usize::try_from(count).unwrap_or_default()))
    }

    async fn subscribe(&self, subscription: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError> {
        let opened = PulsarSubscription::open(&self.options, &self.subscribing, subscription).await?;
        Ok(Box::new(opened))
    }

    /// Without the admin API nobody can tell that a topic is another than before.
    async fn lost(&self) -> Result<Vec<Topic>, BusError> {
        match &self.declared {
            Some(declared) => declared.lost().await,
            None => Ok(Vec::new()),
        }
    }

    async fn ping(&self) -> Result<(), BusError> {
        let namespace = format!("{}/{}", self.options.tenant, self.options.namespace);
        let list = |client: client::Client| async move {
            Box::pin(client.get_topics_of_namespace(namespace, Mode::Persistent)).await
        };
        self.publishing.with(list).await.map(drop)
    }

    async fn close(&self) {
        self.producers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.publishing.close().await;
        self.subscribing.close().await;
    }
}
