//! Publishing on one topic: a producer for each partition, and messages under way in a bounded number.
//!
//! Messages are not put together in one entry. That would double the rate; but a broker counts entries when it
//! sends ahead, so that a reader with a long backlog would be given a hundred times what it asked for.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use pulsar::{
    ProducerOptions, TokioExecutor,
    producer::{Message, Producer, SendFuture},
    routing_policy::RoutingPolicy,
};
use tokio::{sync::Mutex, time::timeout};

use super::{
    PulsarOptions,
    admin::Admin,
    client::{Clients, classify},
};
use crate::{
    backoff::Backoff,
    bus::{BROKERS_TAKE, BusError, Outgoing, Topic, largest},
};

/// How many messages wait for their receipts at once. The driver takes a hundred before it makes callers wait.
const UNDER_WAY: usize = 90;
/// How much longer than the driver's own limit a receipt is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// What came of a message, by its place in the caller's list.
type Outcome = (usize, Result<(), BusError>);

/// The producers of one topic.
pub(super) struct TopicProducer {
    options: Arc<PulsarOptions>,
    clients: Clients,
    admin: Option<Arc<Admin>>,
    topic: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// One for each partition; none while nothing works.
    partitions: Vec<Producer<TokioExecutor>>,
    /// How often they were built.
    built: u64,
    backoff: Backoff,
    /// Until when, and why, nothing is tried.
    resting: Option<(Instant, BusError)>,
}

impl TopicProducer {
    pub(super) fn new(
        options: Arc<PulsarOptions>,
        clients: Clients,
        admin: Option<Arc<Admin>>,
        topic: &Topic,
    ) -> Self {
        let topic = options.full_name(topic.name());
        Self { options, clients, admin, topic, state: Mutex::default() }
    }

    /// Sends messages in their order. After one that the broker did not take the rest is not tried: it would
    /// overtake it, or only wait for the same failure.
    pub(super) async fn publish(&self, messages: Vec<(usize, Outgoing)>) -> Vec<Outcome> {
        let limit = match &self.admin {
            Some(admin) => admin.largest().await,
            None => largest(BROKERS_TAKE),
        };
        let mut state = self.state.lock().await;
        if let Err(error) = self.ready(&mut state).await {
            return messages.iter().map(|(index, _)| (*index, Err(error.again()))).collect();
        }
        let built = state.built;
        let mut flight = Flight::new(self.options.timeout);
        for (index, message) in messages {
            let bytes = message.bytes();
            if bytes > limit {
                flight.outcomes.push((index, Err(BusError::TooLarge { bytes, limit })));
            } else {
                flight.send(index, message, &mut state.partitions).await;
            }
        }
        // The next caller may send while the receipts of this one come.
        drop(state);
        let (outcomes, failure) = flight.land().await;
        self.settle(built, failure).await;
        outcomes
    }

    /// Builds the producers when there are none, unless that has just failed.
    async fn ready(&self, state: &mut State) -> Result<(), BusError> {
        if !state.partitions.is_empty() {
            return Ok(());
        }
        if let Some((_, error)) = state.resting.as_ref().filter(|(until, _)| Instant::now() < *until) {
            return Err(error.again());
        }
        match self.build().await {
            Ok(partitions) => {
                state.partitions = partitions;
                state.built += 1;
                Ok(())
            }
            Err(error) => {
                state.resting = Some((Instant::now() + state.backoff.failed(), error.again()));
                Err(error)
            }
        }
    }

    async fn build(&self) -> Result<Vec<Producer<TokioExecutor>>, BusError> {
        let count = self.clients.partitions(&self.topic).await?;
        let topic = self.topic.clone();
        self.clients
            .with(move |client| async move {
                let options = ProducerOptions { block_queue_if_full: true, ..ProducerOptions::default() };
                let partition = |number| {
                    let name = format!("{topic}-partition-{number}");
                    client.producer().with_topic(name).with_options(options.clone()).build()
                };
                try_join_all((0..count).map(partition)).await
            })
            .await
    }

    /// Producers with which something failed are not used again.
    async fn settle(&self, built: u64, failure: Option<BusError>) {
        let mut state = self.state.lock().await;
        if state.built != built {
            return;
        }
        match failure {
            None => {
                state.backoff.succeeded();
                state.resting = None;
            }
            Some(error) => {
                tracing::warn!(topic = self.topic, %error, "publishing failed; the producers are built anew");
                state.partitions.clear();
                state.resting = Some((Instant::now() + state.backoff.failed(), error));
            }
        }
    }
}

/// A key for each of so many partitions, in their order.
pub(super) fn keys_of_partitions(count: usize) -> Vec<String> {
    let mut keys: Vec<Option<String>> = vec![None; count];
    let mut missing = count;
    let candidates = (0_u32..).map(|number| number.to_string());
    for key in candidates.take_while(|_| count > 0) {
        let place = &mut keys[RoutingPolicy::compute_partition_index_for_key(&key, count)];
        if place.is_none() {
            *place = Some(key);
            missing -= 1;
        }
        if missing == 0 {
            break;
        }
    }
    keys.into_iter().flatten().collect()
}

/// The messages of one call: those whose receipts are still to come, and what came of the others.
struct Flight {
    limit: Duration,
    under_way: VecDeque<(usize, SendFuture)>,
    outcomes: Vec<Outcome>,
    failure: Option<BusError>,
}

impl Flight {
    fn new(limit: Duration) -> Self {
        Self { limit, under_way: VecDeque::new(), outcomes: Vec::new(), failure: None }
    }

    async fn send(&mut self, index: usize, message: Outgoing, partitions: &mut [Producer<TokioExecutor>]) {
        if self.under_way.len() >= UNDER_WAY {
            self.land_next().await;
        }
        if let Some(error) = &self.failure {
            self.outcomes.push((index, Err(error.again())));
            return;
        }
        let number = RoutingPolicy::compute_partition_index_for_key(&message.key, partitions.len());
        let message = Message {
            payload: message.body.into_bytes(),
            partition_key: Some(message.key),
            properties: HashMap::from([("id".to_owned(), message.id)]),
            ..Message::default()
        };
        let sent = Box::pin(partitions[number].send_non_blocking(message));
        match timeout(self.limit + GRACE, sent).await {
            Ok(Ok(receipt)) => self.under_way.push_back((index, receipt)),
            Ok(Err(error)) => self.fail(index, classify(error, self.limit)),
            Err(_) => self.fail(index, BusError::Timeout(self.limit)),
        }
    }

    /// Waits for the oldest receipt.
    async fn land_next(&mut self) {
        let Some((index, receipt)) = self.under_way.pop_front() else { return };
        match timeout(self.limit + GRACE, receipt).await {
            Ok(Ok(_)) => self.outcomes.push((index, Ok(()))),
            Ok(Err(error)) => self.fail(index, classify(error, self.limit)),
            Err(_) => self.fail(index, BusError::Timeout(self.limit)),
        }
    }

    /// Waits for all receipts; the first failure, if there was one, comes with the outcomes.
    async fn land(mut self) -> (Vec<Outcome>, Option<BusError>) {
        while !self.under_way.is_empty() {
            self.land_next().await;
        }
        (self.outcomes, self.failure)
    }

    fn fail(&mut self, index: usize, error: BusError) {
        self.failure.get_or_insert_with(|| error.again());
        self.outcomes.push((index, Err(error)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_a_key_that_leads_to_it() {
        for count in [0, 1, 3, 8, 64] {
            let keys = keys_of_partitions(count);
            let places = keys.iter().map(|key| RoutingPolicy::compute_partition_index_for_key(key, count));
            assert_eq!(places.collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        }
    }
}
