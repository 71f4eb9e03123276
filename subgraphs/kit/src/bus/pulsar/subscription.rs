//! An open subscription: its partitions, what has come from them, and which message a receipt is for.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use pulsar::message::proto::MessageIdData;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::sleep,
};

use super::{
    PulsarOptions,
    client::Clients,
    partition::{Acknowledge, Arrival, Partition},
};
use crate::bus::{BusError, Delivery, Receipt, Subscription, SubscriptionName};

/// How often the number of partitions is asked for: it can grow.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// How many messages wait to be received.
const WAITING: usize = 500;

pub(super) struct PulsarSubscription {
    arrivals: mpsc::Receiver<Arrival>,
    received: HashMap<u64, Received>,
    next: u64,
    /// The partitions end when this is dropped.
    _partitions: JoinSet<()>,
}

/// A message that was received and is to be acknowledged.
struct Received {
    built: u64,
    id: MessageIdData,
    desk: mpsc::UnboundedSender<Acknowledge>,
}

impl PulsarSubscription {
    pub(super) async fn open(
        options: &Arc<PulsarOptions>,
        clients: &Clients,
        subscription: &SubscriptionName,
    ) -> Result<Self, BusError> {
        let (sender, arrivals) = mpsc::channel(WAITING);
        let opening = Opening {
            options: options.clone(),
            clients: clients.clone(),
            topic: options.full_name(subscription.topic.name()),
            subscription: subscription.name.clone(),
            consumer: uuid::Uuid::now_v7().to_string(),
            arrivals: sender,
        };
        let count = clients.partitions(&opening.topic).await?;
        let mut partitions = JoinSet::new();
        partitions.spawn(opening.keep(count));
        Ok(Self { arrivals, received: HashMap::new(), next: 0, _partitions: partitions })
    }

    fn deliver(&mut self, arrival: Arrival) -> Delivery {
        let receipt = Receipt(self.next);
        self.next += 1;
        let received = Received { built: arrival.built, id: arrival.id, desk: arrival.desk };
        self.received.insert(receipt.0, received);
        Delivery { key: arrival.key, body: arrival.body, receipt }
    }
}

#[async_trait]
impl Subscription for PulsarSubscription {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BusError> {
        let mut arrived = Vec::new();
        if self.arrivals.recv_many(&mut arrived, most).await == 0 {
            return Err(BusError::Away("the subscription has ended; open it again".into()));
        }
        Ok(arrived.into_iter().map(|arrival| self.deliver(arrival)).collect())
    }

    /// A message whose acknowledgement fails comes again, so its receipt is of no use any longer.
    async fn acknowledge(&mut self, receipts: &[Receipt]) -> Result<(), BusError> {
        let mut desks: Vec<(mpsc::UnboundedSender<Acknowledge>, Vec<(u64, MessageIdData)>)> = Vec::new();
        for received in receipts.iter().filter_map(|receipt| self.received.remove(&receipt.0)) {
            let message = (received.built, received.id);
            match desks.iter_mut().find(|(desk, _)| desk.same_channel(&received.desk)) {
                Some((_, messages)) => messages.push(message),
                None => desks.push((received.desk, vec![message])),
            }
        }
        let answers = desks.into_iter().map(|(desk, messages)| async move {
            let (done, answer) = oneshot::channel();
            let closed = || BusError::Away("the subscription is closed".into());
            desk.send(Acknowledge { messages, done }).map_err(|_| closed())?;
            answer.await.unwrap_or_else(|_| Err(closed()))
        });
        join_all(answers).await.into_iter().collect()
    }
}

/// What the partitions of a subscription are opened with.
struct Opening {
    options: Arc<PulsarOptions>,
    clients: Clients,
    topic: String,
    subscription: String,
    consumer: String,
    arrivals: mpsc::Sender<Arrival>,
}

impl Opening {
    /// Keeps a consumer on each partition, those that are added later included.
    async fn keep(self, mut count: u32) {
        let mut partitions = JoinSet::new();
        let mut opened = 0;
        loop {
            for number in opened..count {
                partitions.spawn(self.partition(number).run());
            }
            opened = opened.max(count);
            sleep(COUNT_EVERY).await;
            match self.clients.partitions(&self.topic).await {
                Ok(found) => count = found,
                Err(error) => tracing::debug!(topic = self.topic, %error, "the partitions were not counted"),
            }
        }
    }

    fn partition(&self, number: u32) -> Partition {
        Partition {
            options: self.options.clone(),
            clients: self.clients.clone(),
            topic: format!("{}-partition-{number}", self.topic),
            subscription: self.subscription.clone(),
            consumer: self.consumer.clone(),
            arrivals: self.arrivals.clone(),
        }
    }
}
