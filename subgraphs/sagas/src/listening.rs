//! What the coordinator hears: answers, sagas that services want begun, and the time.

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join;
use lms_kit::{
    StoreError,
    bus::{SubscriptionName, Topic},
    event::Envelope,
    inbox::{HandleError, Handler, InboxStore, LoadError, SqlInbox},
    outbox::{Wake, pause},
    service::{Listen, Listener, Surroundings},
    sql::{Db, Tx},
    watch::Heard,
};

use crate::{
    NAME,
    coordinator::Coordinator,
    definition::{DEFINITIONS, services},
};

/// How many sagas are taken at once.
const AT_ONCE: u32 = 100;

/// Listens to services' answers and wishes, and to the clock.
pub(crate) struct Coordinating {
    listener: Listener<SqlInbox, Telling>,
    coordinator: Coordinator,
    db: Db,
}

impl Coordinating {
    pub(crate) fn new(db: Db, coordinator: Coordinator, moved: Wake) -> Self {
        let listener = Listener {
            consumer: NAME,
            store: SqlInbox::new(db.clone()),
            handler: Telling { coordinator: coordinator.clone(), moved },
            events_of: &[],
            messages: vec![Topic::replies(NAME), Topic::commands(NAME)],
            speaks_on: services(DEFINITIONS).into_iter().map(Topic::commands).collect(),
        };
        Self { listener, coordinator, db }
    }

    async fn tick(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        self.coordinator.on_time(&mut tx, AT_ONCE).await?;
        tx.commit().await
    }

    async fn keep_time(&self, length: Duration) {
        loop {
            pause(length).await;
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "sagas whose time has come wait");
            }
        }
    }
}

#[async_trait]
impl Listen for Coordinating {
    fn subscriptions(&self) -> Vec<SubscriptionName> {
        self.listener.subscriptions()
    }

    fn speaks_on(&self) -> Vec<Topic> {
        self.listener.speaks_on()
    }

    async fn hears(&self) -> Result<Vec<Heard>, StoreError> {
        self.listener.hears().await
    }

    async fn listen(&self, surroundings: &Surroundings) {
        join(self.listener.listen(surroundings), self.keep_time(surroundings.inbox.poll)).await;
    }

    async fn unload(&self, surroundings: &Surroundings, source: &str) -> Result<(), StoreError> {
        self.listener.unload(surroundings, source).await
    }

    async fn load(&self, surroundings: &Surroundings, source: &str) -> Result<(), LoadError> {
        self.listener.load(surroundings, source).await
    }
}

/// The coordinator, and whoever waits for a saga that it moves.
#[derive(Clone)]
struct Telling {
    coordinator: Coordinator,
    moved: Wake,
}

#[async_trait]
impl Handler<<SqlInbox as InboxStore>::Tx> for Telling {
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        let applied = Handler::<Tx>::apply(&self.coordinator, tx, event).await;
        self.moved.tell();
        applied
    }
}
