//! Whoever coordinates sagas, as students sees it: requests on one topic of a bus, answers on another.

use std::{
    ops::Deref,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use lms_kit::{
    Sources,
    bus::{LocalBus, Outgoing, SharedBus, SubscriptionName, Topic},
    changes::LocalOwners,
    event::{Envelope, OutboxRow},
    idempotency::Command,
    inbox::Most,
    saga::{Action, Owner, Reply, Request},
    service::Surroundings,
};
use serde_json::{Value, json};

use crate::{
    keeper::Keeper,
    library::{Engine, Library},
};

/// Asks, and hears what is answered.
pub(crate) struct Coordinator {
    pub(crate) bus: SharedBus,
    attempts: AtomicU32,
    heard: Arc<Mutex<Vec<Envelope>>>,
}

impl Coordinator {
    pub(crate) async fn on(path: &Path) -> Self {
        let bus: SharedBus = Arc::new(LocalBus::open(path).await.unwrap());
        let topics = [Topic::replies("sagas"), Topic::events("students"), Topic::commands("students")];
        let name =
            |topic: &Topic, name: &str| SubscriptionName { topic: topic.clone(), name: name.to_owned() };
        let subscriptions = [name(&topics[0], "sagas"), name(&topics[1], "sagas")];
        let all = [subscriptions.to_vec(), vec![name(&topics[2], "students")]].concat();
        bus.declare(&topics, &all).await.unwrap();
        let heard: Arc<Mutex<Vec<Envelope>>> = Arc::default();
        for subscription in subscriptions {
            let mut open = bus.subscribe(&subscription).await.unwrap();
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                while let Ok(deliveries) = open.receive(100).await {
                    let read = deliveries.iter().map(|delivery| Envelope::parse(&delivery.body).unwrap());
                    heard.lock().unwrap().extend(read);
                    let receipts: Vec<_> = deliveries.iter().map(|delivery| delivery.receipt).collect();
                    open.acknowledge(&receipts).await.unwrap();
                }
            });
        }
        Self { bus, attempts: AtomicU32::new(1), heard }
    }

    /// Sends a request.
    pub(crate) async fn send(
        &self,
        saga: &str,
        step: &str,
        operation: &str,
        action: Action,
        input: &Value,
    ) -> Request {
        let request = Request {
            saga: saga.to_owned(),
            step: step.to_owned(),
            attempt: self.attempts.fetch_add(1, Ordering::Relaxed),
            generation: 1,
            action,
            operation: operation.to_owned(),
            input: input.clone(),
            owner: Owner::Nobody,
        };
        let command = Command::of_saga(saga, None, &Sources::system());
        let row = OutboxRow::new(&request.event(), 1, &command);
        let message = Outgoing {
            topic: Topic::commands("students"),
            key: saga.to_owned(),
            id: row.event_id,
            body: row.body,
        };
        self.bus.publish(vec![message]).await.pop().unwrap().unwrap();
        request
    }

    /// What a request was answered, as it travels.
    pub(crate) async fn answer(&self, request: &Request) -> Value {
        for _ in 0..1_500 {
            let replies = self.heard_of("Reply");
            let mut replies = replies.iter().map(|event| Reply::read(event).unwrap());
            if let Some(reply) = replies.find(|reply| reply.attempt == request.attempt) {
                return json!(reply.outcome);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{request:?} was not answered")
    }

    pub(crate) async fn ask(
        &self,
        saga: &str,
        step: &str,
        operation: &str,
        action: Action,
        input: &Value,
    ) -> Value {
        let request = self.send(saga, step, operation, action, input).await;
        self.answer(&request).await
    }

    /// The events of one type of aggregates, when there are so many.
    pub(crate) async fn events_of(&self, aggregate: &str, count: usize) -> Vec<Envelope> {
        for _ in 0..500 {
            let events = self.heard_of(aggregate);
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{count} events of {aggregate} were not said")
    }

    fn heard_of(&self, aggregate: &str) -> Vec<Envelope> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|event| event.data.aggregate == aggregate).cloned().collect()
    }

    /// Why the dead letters of a service are dead, when there are so many.
    pub(crate) async fn reasons(library: &Library, count: usize) -> Vec<String> {
        let letters = library.service.messages().unwrap().dead_letters.unwrap();
        for _ in 0..500 {
            let dead = letters.list(Most::default()).await.unwrap().letters;
            if dead.len() == count {
                return dead.into_iter().map(|letter| letter.reason).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there are not {count} dead letters")
    }
}

/// The service, and a coordinator that asks it.
pub(crate) struct Site {
    engine: Engine,
    pub(crate) library: Library,
    /// What other services keep for this one.
    pub(crate) kept: Keeper,
    coordinator: Coordinator,
    _folder: tempfile::TempDir,
}

impl Deref for Site {
    type Target = Coordinator;

    fn deref(&self) -> &Coordinator {
        &self.coordinator
    }
}

impl Site {
    pub(crate) async fn open(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let coordinator = Coordinator::on(&folder.path().join("bus.sqlite")).await;
        let library = Library::open(engine).await;
        let site = Self { engine, library, kept: Keeper::default(), coordinator, _folder: folder };
        site.take_part(site.library.clone());
        site
    }

    fn take_part(&self, library: Library) {
        let mut around =
            Surroundings::new(Arc::clone(&self.coordinator.bus), Arc::new(LocalOwners::default()));
        around.peers.insert("users", self.kept.clone());
        around.peers.insert("sagas", self.kept.clone());
        tokio::spawn(async move { library.service.take_part(&around).await });
    }

    /// One more process of the service. The server of the `MongoDB` protocol that tests have lets two processes
    /// write one document at the same time: there the replicas share a driver.
    pub(crate) async fn add_replica(&self) {
        let replica = match self.engine {
            Engine::Sqlite => self.library.again().await,
            Engine::Mongo => self.library.clone(),
        };
        self.take_part(replica);
    }
}
