//! What a service keeps for another until that has taken it.
//!
//! No message holds the particulars of people: it names a deposit, and whoever carries out what the message asks for
//! takes the deposit from the service that keeps it. A service of the same process is asked directly, one of another
//! by `GET /deposits?key=KEY` with the services' shared token, which answers [`Deposit`].

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    bus::{SubscriptionName, Topic},
    error::StoreError,
    inbox::LoadError,
    service::{Listen, Surroundings},
    watch::{Heard, PeerError, Peers},
};

/// Keeps deposits.
#[async_trait]
pub trait Deposits: Send + Sync {
    /// What is kept under a key; `None` if nothing is, or nothing is any more.
    async fn deposit(&self, key: &str) -> Result<Option<Value>, StoreError>;
}

/// What is kept under a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// `None` if nothing is.
    pub deposit: Option<Value>,
}

/// The services whose deposits can be taken, once they are known ([`Joining`]).
#[derive(Clone, Default)]
pub struct Depositories(Arc<OnceLock<Peers>>);

impl Depositories {
    /// What a service keeps under a key.
    pub async fn take<T: DeserializeOwned>(&self, service: &str, key: &str) -> Result<Option<T>, StoreError> {
        let away = |why: String| StoreError::Away(format!("{service} keeps what is needed: {why}").into());
        let peer = self.0.get().and_then(|peers| peers.get(service));
        let peer = peer.ok_or_else(|| away("it is not known here, give its URL with --peer".to_owned()))?;
        let kept = peer.deposit(key).await.map_err(|error| match error {
            PeerError::Store(error) => error,
            error => away(error.to_string()),
        })?;
        let read = kept.map(serde_json::from_value).transpose();
        // What cannot be read is in no message of the error either.
        read.map_err(|_| StoreError::corrupt("deposit", format!("that of {key} at {service} cannot be read")))
    }
}

/// Listens as another does, and comes to know whose deposits can be taken.
pub struct Joining<L> {
    listener: L,
    depositories: Depositories,
}

impl<L> Joining<L> {
    /// Like this listener, whose handler takes deposits from there.
    pub fn new(listener: L, depositories: Depositories) -> Self {
        Self { listener, depositories }
    }
}

#[async_trait]
impl<L: Listen> Listen for Joining<L> {
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
        // Whoever joins twice joins the same services.
        self.depositories.0.get_or_init(|| surroundings.peers.clone());
        self.listener.listen(surroundings).await;
    }

    async fn unload(&self, surroundings: &Surroundings, source: &str) -> Result<(), StoreError> {
        self.listener.unload(surroundings, source).await
    }

    async fn load(&self, surroundings: &Surroundings, source: &str) -> Result<(), LoadError> {
        self.listener.load(surroundings, source).await
    }
}
