//! What the coordinator hears: answers, and the time.

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join;
use lms_kit::{
    StoreError,
    bus::{SubscriptionName, Topic},
    event::Envelope,
    inbox::{HandleError, Handler, InboxStore, SqlInbox},
    service::{Listen, Listener, Surroundings},
    sql::{Db, Tx},
};

use crate::{NAME, coordinator::Coordinator, waiting::Waiting};

/// How many sagas are taken at once.
const AT_ONCE: u32 = 100;

/// Listens to services' answers, and to the clock.
pub(crate) struct Coordinating {
    listener: Listener<SqlInbox, Telling>,
    coordinator: Coordinator,
    db: Db,
}

impl Coordinating {
    pub(crate) fn new(db: Db, coordinator: Coordinator, waiting: Waiting) -> Self {
        let listener = Listener {
            consumer: NAME,
            store: SqlInbox::new(db.clone()),
            handler: Telling { coordinator: coordinator.clone(), waiting },
            events_of: &[],
            messages: vec![Topic::replies(NAME)],
        };
        Self { listener, coordinator, db }
    }

    async fn tick(&self) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let moved = self.coordinator.on_time(&mut tx, AT_ONCE).await?;
        tx.commit().await?;
        if moved > 0 {
            self.db.wake().tell();
        }
        Ok(())
    }

    async fn keep_time(&self, pause: Duration) {
        loop {
            tokio::time::sleep(pause).await;
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

    async fn listen(&self, surroundings: &Surroundings) {
        join(self.listener.listen(surroundings), self.keep_time(surroundings.inbox.poll)).await;
    }
}

/// The coordinator, and whoever waits for it.
#[derive(Clone)]
struct Telling {
    coordinator: Coordinator,
    waiting: Waiting,
}

#[async_trait]
impl Handler<<SqlInbox as InboxStore>::Tx> for Telling {
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        let applied = Handler::<Tx>::apply(&self.coordinator, tx, event).await;
        self.waiting.tell();
        applied
    }
}
