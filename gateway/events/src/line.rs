//! One partition of a topic, read from a moment on without a gap.
//!
//! 1. It asks the broker for the newest message, and reads on from there by a subscription that is not kept; that message comes
//!    once more, and is left out. The driver opens it anew by itself when its connection is lost, from the same message on: so
//!    nothing is missed, but what has come before comes again.
//! 2. A message that is not after the last one that was read shows that. Then the line fails: behind it there may be a day of old messages
//!    before the first new one.
//! 3. Every two seconds it asks for the newest message again. Without an answer, or when that message has not come after a
//!    while, it fails as well: nobody would know what has changed meanwhile.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use octavo_cache::FeedError;
use pulsar::consumer::{Consumer, Message};
use pulsar::message::proto::MessageIdData;
use pulsar::{ConsumerOptions, Error, SubType, TokioExecutor};
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use crate::client::Client;
use crate::feed::Heard;

const LOOK_EVERY: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long the newest message may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);

type PartitionConsumer = Consumer<Vec<u8>, TokioExecutor>;

/// A partition that is read.
pub(crate) struct Line {
    topic: String,
    consumer: PartitionConsumer,
    /// The place of the last message that was read, at first of the newest from before.
    last: Place,
    /// Whether anything was read.
    began: bool,
    /// Since when the broker has had more than was read.
    behind: Option<Instant>,
}

/// Where a message stands: its ledger, its entry there, and its number in an entry of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(i64, i64, i32);

impl Place {
    fn of(id: &MessageIdData) -> Self {
        Self(id.ledger_id.cast_signed(), id.entry_id.cast_signed(), id.batch_index.unwrap_or(-1))
    }

    /// Whether the whole entry comes later.
    fn is_entry_after(self, other: Self) -> bool {
        (self.0, self.1) > (other.0, other.1)
    }
}

impl Line {
    /// Reads whatever is published to `topic` after this has returned.
    pub(crate) async fn open(client: Client, topic: String) -> Result<Self, Error> {
        let newest = {
            let mut consumer = consume(&client, &topic, ConsumerOptions::default()).await?;
            newest(&mut consumer).await?
        };
        let options = ConsumerOptions::default().starting_on_message(newest.clone());
        let consumer = consume(&client, &topic, options).await?;
        Ok(Self { topic, consumer, last: Place::of(&newest), began: false, behind: None })
    }

    /// Passes on what comes, and in the end why no more does.
    pub(crate) async fn run(mut self, heard: Heard) {
        if let Err(why) = self.read(&heard).await {
            // Nobody may listen any more.
            drop(heard.send(Err(FeedError(format!("{}: {why}", self.topic)))).await);
        }
    }

    /// Ends without an error when nobody listens.
    async fn read(&mut self, heard: &Heard) -> Result<(), String> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                next = self.consumer.next() => {
                    let message = next.ok_or("the connection has ended")?.map_err(|error| error.to_string())?;
                    let Some(body) = self.take(message).await? else { continue };
                    if heard.send(Ok(body)).await.is_err() {
                        return Ok(());
                    }
                }
                _ = look.tick() => self.look().await?,
            }
        }
    }

    /// The body of a message, if it is from after the beginning.
    async fn take(&mut self, message: Message<Vec<u8>>) -> Result<Option<Bytes>, String> {
        let place = Place::of(message.message_id());
        if place <= self.last {
            let lost = "it was opened anew behind its reader's back".to_owned();
            return if self.began { Err(lost) } else { Ok(None) };
        }
        (self.began, self.behind, self.last) = (true, None, place);
        self.consumer.ack(&message).await.map_err(|error| error.to_string())?;
        Ok(Some(message.payload.data.into()))
    }

    /// Whether the broker is there, and has nothing that does not come.
    async fn look(&mut self) -> Result<(), String> {
        let asked = timeout(ANSWER_WITHIN, newest(&mut self.consumer)).await;
        let newest = asked.map_err(|_| "the broker does not answer")?.map_err(|error| error.to_string())?;
        if !Place::of(&newest).is_entry_after(self.last) {
            self.behind = None;
            return Ok(());
        }
        let since = *self.behind.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE {
            return Err("the broker has messages that do not come".to_owned());
        }
        Ok(())
    }
}

async fn newest(consumer: &mut PartitionConsumer) -> Result<MessageIdData, Error> {
    let found = Box::pin(consumer.get_last_message_id()).await?.into_iter().next();
    found.ok_or_else(|| Error::Custom("the broker names no newest message".to_owned()))
}

/// A subscription of this reader alone, which the broker forgets with it.
async fn consume(client: &Client, topic: &str, options: ConsumerOptions) -> Result<PartitionConsumer, Error> {
    let builder = client.consumer().with_topic(topic).with_subscription_type(SubType::Exclusive);
    let builder = builder.with_subscription(format!("octavo-cache-{}", Uuid::now_v7()));
    Box::pin(builder.with_options(options.durable(false)).build()).await
}
