//! A service's traffic with the others: its relay, and what it listens to.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{
    future::{FutureExt, join, join_all, join4},
    stream::{FuturesUnordered, StreamExt},
};

use super::{Markers, Service, beat, contract, recovery};
use crate::{
    bus::{SharedBus, SubscriptionName, Topic},
    changes::Owners,
    error::StoreError,
    inbox::{Consumer, Handler, Inbox, InboxOptions, InboxStore, LoadError, SqlInbox, place},
    outbox::{Relay, RelayOptions},
    saga::COORDINATOR,
    sql::Db,
    watch::{Heard, Mark, Peers},
};

/// The pause before what failed at start is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What a service joins to hear and be heard.
#[derive(Clone)]
pub struct Surroundings {
    /// Carries its messages.
    pub bus: SharedBus,
    /// Whose state it may load.
    pub owners: Arc<dyn Owners>,
    /// Whom it may ask what waits there, itself among them.
    pub peers: Peers,
    /// When it says markers.
    pub markers: Markers,
    /// How it sends.
    pub relay: RelayOptions,
    /// How it applies.
    pub inbox: InboxOptions,
}

impl Surroundings {
    /// These, with the usual ways to send and to apply, and nobody to ask.
    pub fn new(bus: SharedBus, owners: Arc<dyn Owners>) -> Self {
        let (relay, inbox) = (RelayOptions::default(), InboxOptions::default());
        Self { bus, owners, peers: Peers::default(), markers: Markers::default(), relay, inbox }
    }
}

/// Something that a service listens to.
#[async_trait]
pub trait Listen: Send + Sync {
    /// The subscriptions that it needs.
    fn subscriptions(&self) -> Vec<SubscriptionName>;

    /// The topics, other than the service's own events, on which it says something.
    fn speaks_on(&self) -> Vec<Topic> {
        Vec::new()
    }

    /// What has come to each of its consumers, and waits.
    async fn hears(&self) -> Result<Vec<Heard>, StoreError>;

    /// Listens, for ever.
    async fn listen(&self, surroundings: &Surroundings);

    /// Notes that a service's state is to be taken over once more, where its events are heard: some of them may be lost.
    async fn unload(&self, _surroundings: &Surroundings, _source: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// Takes over what is not yet of a service's state, where its events are heard.
    async fn load(&self, _surroundings: &Surroundings, _source: &str) -> Result<(), LoadError> {
        Ok(())
    }
}

/// Listens to other services' events, and to messages for this one, with one handler.
pub struct Listener<S, H> {
    /// The consumer's name: that of the service, or of a part of it.
    pub consumer: &'static str,
    /// Where it keeps what has come.
    pub store: S,
    /// What it does with it.
    pub handler: H,
    /// The services whose events it hears, from their state on.
    pub events_of: &'static [&'static str],
    /// Topics of commands or replies.
    pub messages: Vec<Topic>,
    /// Topics on which its handler says something.
    pub speaks_on: Vec<Topic>,
}

impl<H> Listener<SqlInbox, H> {
    /// An SQL service that takes part in sagas.
    pub fn to_sagas(service: &'static str, db: &Db, steps: H) -> Self {
        Self::in_sagas(service, SqlInbox::new(db.clone()), steps)
    }
}

impl<S, H> Listener<S, H> {
    /// A service that takes part in sagas.
    pub fn in_sagas(service: &'static str, store: S, steps: H) -> Self {
        Self {
            consumer: service,
            store,
            handler: steps,
            events_of: &[],
            messages: vec![Topic::commands(service)],
            speaks_on: vec![Topic::replies(COORDINATOR)],
        }
    }

    fn subscription(&self, topic: Topic) -> SubscriptionName {
        SubscriptionName { topic, name: self.consumer.to_owned() }
    }
}

impl<S: InboxStore + Clone, H: Handler<S::Tx> + Clone + 'static> Listener<S, H> {
    fn inbox(&self, around: &Surroundings) -> Inbox<S> {
        let (store, handler, owners) = (self.store.clone(), self.handler.clone(), Arc::clone(&around.owners));
        Inbox::new(self.consumer, store, handler, owners, around.inbox)
    }
}

#[async_trait]
impl<S, H> Listen for Listener<S, H>
where
    S: InboxStore + Clone,
    H: Handler<S::Tx> + Clone + 'static,
{
    fn subscriptions(&self) -> Vec<SubscriptionName> {
        let events = self.events_of.iter().map(|source| Topic::events(source));
        events.chain(self.messages.iter().cloned()).map(|topic| self.subscription(topic)).collect()
    }

    fn speaks_on(&self) -> Vec<Topic> {
        self.speaks_on.clone()
    }

    async fn hears(&self) -> Result<Vec<Heard>, StoreError> {
        let topics =
            self.subscriptions().into_iter().map(|subscription| subscription.topic.name().to_owned());
        let waiting = self.store.waiting(self.consumer).await?;
        let marks = self.store.markers(self.consumer).await?;
        let marks = marks.iter().filter_map(|(stream, left_at)| mark(stream, *left_at)).collect();
        Ok(vec![Heard { consumer: self.consumer.to_owned(), topics: topics.collect(), waiting, marks }])
    }

    async fn listen(&self, around: &Surroundings) {
        let inbox = Arc::new(self.inbox(around));
        let events = self.events_of.iter().map(|source| {
            let subscription = self.subscription(Topic::events(source));
            Consumer::of_events(Arc::clone(&around.bus), subscription, Arc::clone(&inbox)).run()
        });
        let messages = self.messages.iter().map(|topic| {
            let subscription = self.subscription(topic.clone());
            Consumer::of_messages(Arc::clone(&around.bus), subscription, Arc::clone(&inbox)).run()
        });
        let loads = self.events_of.iter().map(|source| load(&inbox, source).boxed());
        // Of many that wait, only the one whose time has come is looked at.
        let mut all: FuturesUnordered<_> =
            events.chain(messages).map(FutureExt::boxed).chain(loads).collect();
        all.extend([inbox.run().boxed(), inbox.repair().boxed()]);
        all.collect::<()>().await;
    }

    async fn unload(&self, around: &Surroundings, source: &str) -> Result<(), StoreError> {
        if self.events_of.contains(&source) { self.inbox(around).unload(source).await } else { Ok(()) }
    }

    async fn load(&self, around: &Surroundings, source: &str) -> Result<(), LoadError> {
        if self.events_of.contains(&source) { self.inbox(around).load(source).await } else { Ok(()) }
    }
}

fn mark(stream: &str, left_at: i64) -> Option<Mark> {
    let (source, topic, partition) = place(stream)?;
    Some(Mark { source: source.to_owned(), topic: topic.to_owned(), partition, left_at })
}

/// Loads a source's state, until it is there.
async fn load<S: InboxStore>(inbox: &Inbox<S>, source: &str) {
    while let Err(error) = inbox.load(source).await {
        tracing::warn!(consumer = inbox.consumer(), source, %error, "a state is not loaded yet");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes part in the traffic, for ever.
pub(super) async fn take_part(service: &Service, around: &Surroundings) {
    let Some(messages) = service.inner.engine.messages() else { return std::future::pending().await };
    let subscriptions: Vec<_> =
        service.inner.listeners.iter().flat_map(|listener| listener.subscriptions()).collect();
    let mut spoken_on = vec![Topic::events(service.name())];
    spoken_on.extend(service.inner.listeners.iter().flat_map(|listener| listener.speaks_on()));
    let heard = subscriptions.iter().map(|name| name.topic.clone());
    let topics: Vec<Topic> = heard.chain(spoken_on.iter().cloned()).collect();
    while let Err(error) = around.bus.declare(&topics, &subscriptions).await {
        tracing::warn!(service = service.name(), %error, "the bus is not joined yet");
        tokio::time::sleep(PAUSE).await;
    }
    let (outbox, bus) = (messages.outbox, Arc::clone(&around.bus));
    let recovery = recovery::run(service, around, Arc::clone(&outbox));
    let relay = Relay::new(service.name(), outbox, bus, messages.wake, around.relay);
    let listening = service.inner.listeners.iter().map(|listener| listener.listen(around));
    let presence = contract::be_present(service);
    let said = join(relay.run(), recovery);
    join4(said, join_all(listening), beat::run(service, around, &spoken_on), presence).await;
}
