//! One partition of an open subscription: a consumer, watched, and built anew when it is lost or silent.
//!
//! 1. A consumer is built, with more and more time between the tries.
//! 2. What comes is handed on in its order; what is acknowledged is passed to the driver.
//! 3. The driver sends an acknowledgement, and no answer comes. To ask whether it has arrived would cost 40 ms each
//!    time: the driver leaves Nagle's algorithm on, so that the question waits until the broker's machine confirms
//!    what went before it. Should the connection end first, the messages come again.
//! 4. A consumer to which nothing comes while the broker says that there is more is built anew. One that stands
//!    by for another looks the same, so the patience with it doubles each time that was of no use.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt};
use pulsar::{
    ConsumerOptions, SubType, TokioExecutor,
    consumer::{Consumer, InitialPosition, Message},
    message::proto::MessageIdData,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    PulsarOptions,
    client::{Clients, classify},
    unacknowledged::Unacknowledged,
};
use crate::{backoff::Backoff, bus::BusError};

/// How many messages the broker sends ahead.
const AHEAD: u32 = 200;
/// How many messages the driver keeps: more than are sent ahead, unless their sender puts many in one entry.
const QUEUE: u32 = 1_000;
/// How many messages are taken out of the driver's queue to make way for a question.
const SET_ASIDE: usize = 1_000;
/// How long an answer is waited for before more is set aside.
const MAKE_WAY: Duration = Duration::from_millis(500);
/// How many messages are taken out of the driver's queue otherwise.
const READY: usize = 50;
const WATCH: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(15);
const MOST_PATIENCE: Duration = Duration::from_mins(10);

type PartitionConsumer = Consumer<Vec<u8>, TokioExecutor>;

/// A message of a partition.
pub(super) struct Arrival {
    pub(super) key: String,
    pub(super) body: Vec<u8>,
    pub(super) id: MessageIdData,
    /// Of which consumer: what was given to one that is no more cannot be acknowledged, and comes again.
    pub(super) built: u64,
    pub(super) desk: mpsc::UnboundedSender<Acknowledge>,
}

/// Messages to acknowledge, and whom to tell when that is done.
pub(super) struct Acknowledge {
    pub(super) messages: Vec<(u64, MessageIdData)>,
    pub(super) done: oneshot::Sender<Result<(), BusError>>,
}

/// A partition, and where its messages go.
pub(super) struct Partition {
    pub(super) options: Arc<PulsarOptions>,
    pub(super) clients: Clients,
    pub(super) topic: String,
    pub(super) subscription: String,
    /// One for all partitions of an open subscription, so that the broker shares them out evenly.
    pub(super) consumer: String,
    pub(super) arrivals: mpsc::Sender<Arrival>,
}

/// Why a consumer is not used any longer.
enum Lost {
    /// The subscription was closed.
    Closed,
    /// Something failed.
    Failed(BusError),
    /// Nothing came, and there is more.
    Silent,
}

impl Partition {
    /// Runs until the subscription is dropped.
    pub(super) async fn run(self) {
        let (desk, mut orders) = mpsc::unbounded_channel();
        let mut backoff = Backoff::default();
        let mut patience = PATIENCE;
        for built in 0.. {
            let consumer = self.open(&mut orders, &mut backoff).await;
            let mut serving = Serving::new(&self, consumer, built, desk.clone());
            serving.patience = patience;
            let lost = serving.run(&mut orders).await;
            match lost {
                Lost::Closed => return,
                Lost::Failed(error) => {
                    tracing::warn!(topic = self.topic, %error, "a consumer was lost; it is built anew");
                }
                Lost::Silent => {
                    tracing::info!(topic = self.topic, "a consumer is silent; it is built anew");
                    serving.patience = (serving.patience * 2).min(MOST_PATIENCE);
                }
            }
            patience = serving.patience;
        }
    }

    async fn open(
        &self,
        orders: &mut mpsc::UnboundedReceiver<Acknowledge>,
        backoff: &mut Backoff,
    ) -> PartitionConsumer {
        loop {
            let build = self.build();
            tokio::pin!(build);
            let error = loop {
                tokio::select! {
                    result = &mut build => match result {
                        Ok(consumer) => {
                            backoff.succeeded();
                            return consumer;
                        }
                        Err(error) => break error,
                    },
                    Some(order) = orders.recv() => refuse(order),
                }
            };
            tracing::warn!(topic = self.topic, %error, "a consumer cannot be built yet");
            sleep(backoff.failed()).await;
        }
    }

    async fn build(&self) -> Result<PartitionConsumer, BusError> {
        let (topic, subscription) = (self.topic.clone(), self.subscription.clone());
        let consumer = self.consumer.clone();
        self.clients
            .with(move |client| async move {
                let options = ConsumerOptions::default()
                    .with_initial_position(InitialPosition::Earliest)
                    .with_receiver_queue_size(QUEUE);
                let builder = client.consumer().with_topic(topic).with_subscription(subscription);
                let builder = builder.with_subscription_type(SubType::Failover).with_consumer_name(consumer);
                builder.with_batch_size(AHEAD).with_options(options).build().await
            })
            .await
    }
}

/// Nothing can be acknowledged while there is no consumer: the messages come again.
fn refuse(order: Acknowledge) {
    drop(
        order
            .done
            .send(Err(BusError::Away("the consumer is built anew, and the messages come again".into()))),
    );
}

/// A consumer in use.
struct Serving<'a> {
    partition: &'a Partition,
    consumer: PartitionConsumer,
    built: u64,
    desk: mpsc::UnboundedSender<Acknowledge>,
    /// What has come and was not handed on.
    ready: VecDeque<Arrival>,
    unacknowledged: Unacknowledged,
    /// When something came last.
    heard: Instant,
    patience: Duration,
}

impl<'a> Serving<'a> {
    fn new(
        partition: &'a Partition,
        consumer: PartitionConsumer,
        built: u64,
        desk: mpsc::UnboundedSender<Acknowledge>,
    ) -> Self {
        Self {
            partition,
            consumer,
            built,
            desk,
            ready: VecDeque::new(),
            unacknowledged: Unacknowledged::default(),
            heard: Instant::now(),
            patience: PATIENCE,
        }
    }

    async fn run(&mut self, orders: &mut mpsc::UnboundedReceiver<Acknowledge>) -> Lost {
        let arrivals = self.partition.arrivals.clone();
        let mut watch = tokio::time::interval(WATCH);
        loop {
            let step = tokio::select! {
                biased;
                Some(order) = orders.recv() => self.acknowledge(order).await,
                place = arrivals.reserve(), if !self.ready.is_empty() => match place {
                    Ok(place) => {
                        if let Some(arrival) = self.ready.pop_front() {
                            place.send(arrival);
                        }
                        Ok(())
                    }
                    Err(_) => Err(Lost::Closed),
                },
                next = self.consumer.next(), if self.ready.len() < READY => self.take(next),
                _ = watch.tick() => self.look().await,
            };
            if let Err(lost) = step {
                return lost;
            }
        }
    }

    /// Takes what the driver gave.
    fn take(&mut self, next: Option<Result<Message<Vec<u8>>, pulsar::Error>>) -> Result<(), Lost> {
        let message = match next {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(Lost::Failed(classify(error, self.partition.options.timeout))),
            None => return Err(Lost::Failed(BusError::Away("the connection has ended".into()))),
        };
        self.heard = Instant::now();
        self.patience = PATIENCE;
        let id = message.message_id().clone();
        self.unacknowledged.add(&id);
        self.ready.push_back(Arrival {
            key: message.key().unwrap_or_default(),
            body: message.payload.data,
            id,
            built: self.built,
            desk: self.desk.clone(),
        });
        Ok(())
    }

    async fn acknowledge(&mut self, order: Acknowledge) -> Result<(), Lost> {
        let result = self.try_acknowledge(order.messages).await;
        let answer = match &result {
            Ok(()) => Ok(()),
            Err(Lost::Failed(error)) => Err(error.again()),
            Err(_) => Err(BusError::Away("the subscription is closed".into())),
        };
        // Whoever asked may have gone.
        drop(order.done.send(answer));
        result
    }

    async fn try_acknowledge(&mut self, messages: Vec<(u64, MessageIdData)>) -> Result<(), Lost> {
        for (built, id) in messages {
            if built == self.built && self.unacknowledged.remove(&id) {
                let sent = self.consumer.ack_with_id(&self.partition.topic, id).await;
                sent.map_err(|error| self.failed(error.into()))?;
            }
        }
        Ok(())
    }

    /// Asks the broker how many entries the subscription has not acknowledged, and with that whether it is there.
    /// The question cannot pass what is in the driver's queue: when so much waits to be read that the driver
    /// pauses, there is no answer.
    async fn backlog(&mut self) -> Result<Option<u64>, Lost> {
        let limit = self.partition.options.timeout;
        let asked = Instant::now();
        while asked.elapsed() < limit {
            self.set_aside()?;
            if self.ready.len() >= SET_ASIDE {
                return Ok(None);
            }
            if let Ok(stats) = timeout(MAKE_WAY, Box::pin(self.consumer.get_stats())).await {
                let stats = stats.map_err(|error| self.failed(error))?.into_iter().next();
                return match stats.filter(|stats| stats.error_code.is_none()) {
                    Some(stats) => Ok(Some(stats.msg_backlog.unwrap_or(0))),
                    None => Err(Lost::Failed(BusError::Away("the broker does not know the consumer".into()))),
                };
            }
        }
        Err(Lost::Failed(BusError::Timeout(limit)))
    }

    /// Empties the driver's queue, as far as there is room.
    fn set_aside(&mut self) -> Result<(), Lost> {
        while self.ready.len() < SET_ASIDE {
            let Some(next) = self.consumer.next().now_or_never() else { break };
            self.take(next)?;
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Lost> {
        // A reader that is slow is not a broker that is silent.
        if !self.ready.is_empty() || self.heard.elapsed() < WATCH {
            return Ok(());
        }
        let Some(backlog) = self.backlog().await? else { return Ok(()) };
        let given = u64::try_from(self.unacknowledged.entries()).unwrap_or(u64::MAX);
        if backlog > given && self.heard.elapsed() >= self.patience {
            return Err(Lost::Silent);
        }
        Ok(())
    }

    fn failed(&self, error: pulsar::Error) -> Lost {
        Lost::Failed(classify(error, self.partition.options.timeout))
    }
}
