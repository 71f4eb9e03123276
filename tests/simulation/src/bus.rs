//! A bus in memory and in virtual time: it loses, doubles, delays and reorders messages, and goes away.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use lms_kit::bus::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, SubscriptionName, Topic};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{chance::hashed, weather::Weather};

/// How many messages of each topic are kept for subscriptions that are still to come.
const KEPT: usize = 30;
/// How long a subscription waits before it looks by itself.
const POLL: Duration = Duration::from_secs(20);

/// The bus that the services of one run share.
#[derive(Clone)]
pub(crate) struct MemoryBus {
    weather: Arc<Weather>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    subscriptions: BTreeMap<SubscriptionName, Queue>,
    kept: BTreeMap<Topic, VecDeque<Arc<Outgoing>>>,
    /// Of messages and of openings.
    last_number: u64,
    away_until_ms: i64,
}

/// What waits for a subscription.
#[derive(Default)]
struct Queue {
    waiting: BTreeMap<u64, Message>,
    /// Who has it open, those of longest standing first.
    open: BTreeSet<u64>,
    arrived: Arc<Notify>,
}

struct Message {
    content: Arc<Outgoing>,
    ready_at: Instant,
    /// Who has it and has not acknowledged it.
    held_by: Option<u64>,
}

impl MemoryBus {
    pub(crate) fn new(weather: Arc<Weather>) -> Self {
        Self { weather, inner: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder panics")
    }

    /// Goes away until then.
    pub(crate) fn leave(&self, until_ms: i64) {
        self.inner().away_until_ms = until_ms;
    }

    /// How many messages wait, of all subscriptions.
    pub(crate) fn waiting(&self) -> usize {
        self.inner().subscriptions.values().map(|queue| queue.waiting.len()).sum()
    }

    /// Sees to it that a subscription is there.
    pub(crate) fn subscription(&self, name: &SubscriptionName) {
        let inner = &mut *self.inner();
        if inner.subscriptions.contains_key(name) {
            return;
        }
        let mut queue = Queue::default();
        for content in inner.kept.get(&name.topic).into_iter().flatten() {
            inner.last_number += 1;
            let message = Message { content: Arc::clone(content), ready_at: Instant::now(), held_by: None };
            queue.waiting.insert(inner.last_number, message);
        }
        inner.subscriptions.insert(name.clone(), queue);
    }

    async fn step(&self, what: &'static str) -> Result<(), BusError> {
        self.weather.bus_step(what).await?;
        if self.weather.elapsed_ms() < self.inner().away_until_ms {
            return Err(lost());
        }
        Ok(())
    }

    fn store(&self, content: Outgoing) {
        let content = Arc::new(content);
        let delay = self.delay();
        let inner = &mut *self.inner();
        let of_topic = |(name, _): &(&SubscriptionName, &mut Queue)| name.topic == content.topic;
        for (_, queue) in inner.subscriptions.iter_mut().filter(of_topic) {
            inner.last_number += 1;
            let message =
                Message { content: Arc::clone(&content), ready_at: Instant::now() + delay, held_by: None };
            queue.waiting.insert(inner.last_number, message);
            queue.arrived.notify_waiters();
        }
        let kept = inner.kept.entry(content.topic.clone()).or_default();
        kept.push_back(content);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// How late a message is: seldom late enough for whoever waits for it to give it up.
    fn delay(&self) -> Duration {
        if !self.weather.hits_bus() {
            return Duration::ZERO;
        }
        let millis = self.weather.draw(|chance| {
            if chance.one_in(3) { chance.between(1_000, 40_000) } else { chance.between(1, 1_000) }
        });
        Duration::from_millis(millis)
    }

    /// Sends one message; the answer may be lost, and the message too.
    fn send(&self, message: Outgoing) -> Result<(), BusError> {
        if !self.weather.hits_bus() {
            self.store(message);
            return Ok(());
        }
        match self.weather.draw(|chance| chance.between(0, 3)) {
            0 => return Err(BusError::Timeout(Duration::from_secs(1))),
            1 => {
                self.store(message);
                return Err(BusError::Timeout(Duration::from_secs(1)));
            }
            2 => self.store(message.clone()),
            _ => {}
        }
        self.store(message);
        Ok(())
    }
}

fn lost() -> BusError {
    BusError::Away("the bus is away".into())
}

#[async_trait]
impl Bus for MemoryBus {
    async fn declare(&self, _: &[Topic], subscriptions: &[SubscriptionName]) -> Result<(), BusError> {
        self.step("declare").await?;
        for name in subscriptions {
            self.subscription(name);
        }
        Ok(())
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>> {
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            let sent = self.step("publish").await;
            results.push(sent.and_then(|()| self.send(message)));
        }
        results
    }

    async fn partition_keys(&self, _: &Topic) -> Result<Vec<String>, BusError> {
        Ok(vec!["0".to_owned()])
    }

    async fn subscribe(&self, name: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError> {
        self.step("subscribe").await?;
        let inner = &mut *self.inner();
        inner.last_number += 1;
        let number = inner.last_number;
        let undeclared = || BusError::Refused(format!("{name:?} was not declared").into());
        let queue = inner.subscriptions.get_mut(name).ok_or_else(undeclared)?;
        queue.open.insert(number);
        let arrived = Arc::clone(&queue.arrived);
        // Whoever has it open already has fewer keys from now on.
        arrived.notify_waiters();
        Ok(Box::new(Open { bus: self.clone(), name: name.clone(), number, arrived }))
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.step("ping").await
    }

    async fn close(&self) {}
}

/// An open subscription.
struct Open {
    bus: MemoryBus,
    name: SubscriptionName,
    number: u64,
    arrived: Arc<Notify>,
}

impl Open {
    /// Takes what is ready and its own, or says when it is worth looking again.
    fn take(&self, most: usize) -> Result<Vec<Delivery>, Instant> {
        let (inner, now) = (&mut *self.bus.inner(), Instant::now());
        let mut next = now + POLL;
        let Some(Queue { waiting, open, .. }) = inner.subscriptions.get_mut(&self.name) else {
            return Err(next);
        };
        let open: Vec<u64> = open.iter().copied().collect();
        let mut taken = Vec::new();
        for (number, message) in waiting.iter_mut().filter(|(_, message)| message.held_by.is_none()) {
            if owner(&open, &message.content.key) != Some(self.number) {
                continue;
            }
            if message.ready_at > now {
                next = next.min(message.ready_at);
            } else if taken.len() < most {
                message.held_by = Some(self.number);
                let (key, body) = (message.content.key.clone(), message.content.body.clone().into_bytes());
                taken.push(Delivery { key, body, receipt: Receipt(*number) });
            }
        }
        if taken.is_empty() { Err(next) } else { Ok(taken) }
    }
}

/// Which of those who have a subscription open gets the messages of a key.
fn owner(open: &[u64], key: &str) -> Option<u64> {
    let number = u64::try_from(open.len()).ok().filter(|number| *number > 0)?;
    open.get(usize::try_from(hashed(0, key) % number).ok()?).copied()
}

#[async_trait]
impl Subscription for Open {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            self.bus.step("receive").await?;
            let arrived = self.arrived.notified();
            match self.take(most) {
                Ok(deliveries) => return Ok(deliveries),
                // Woken, or time to look: either way it looks.
                Err(next) => drop(timeout_at(next, arrived).await),
            }
        }
    }

    async fn acknowledge(&mut self, receipts: &[Receipt]) -> Result<(), BusError> {
        self.bus.step("acknowledge").await?;
        if let Some(queue) = self.bus.inner().subscriptions.get_mut(&self.name) {
            for receipt in receipts {
                queue.waiting.remove(&receipt.0);
            }
        }
        self.bus.step("acknowledged").await
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(queue) = self.bus.inner().subscriptions.get_mut(&self.name) {
            queue.open.remove(&self.number);
            let held = queue.waiting.values_mut().filter(|message| message.held_by == Some(self.number));
            held.for_each(|message| message.held_by = None);
            queue.arrived.notify_waiters();
        }
    }
}
