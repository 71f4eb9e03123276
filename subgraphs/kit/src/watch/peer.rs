//! Services that are asked what waits in them.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::Value;

use super::{LetterKey, Traffic, check_edited};
use crate::{
    Service,
    error::{Cause, StoreError},
    inbox::{DeadLetters, Letters, Most, Received},
    problem::Problem,
    saga::Effect,
};

/// A service that tells of its messages.
#[async_trait]
pub trait Peer: Send + Sync {
    /// What waits.
    async fn traffic(&self) -> Result<Traffic, PeerError>;

    /// Its dead letters.
    async fn dead_letters(&self) -> Result<Letters, PeerError>;

    /// What it keeps for another service under a key.
    async fn deposit(&self, key: &str) -> Result<Option<Value>, PeerError>;

    /// The sagas after an identifier that it has done something for ([`Effects::sagas_after`](crate::saga::Effects)).
    async fn sagas_after(&self, _saga: &str) -> Result<Vec<String>, PeerError> {
        Err(PeerError::KeepsNothing)
    }

    /// What it has done for a saga.
    async fn effects(&self, _saga: &str) -> Result<Vec<Effect>, PeerError> {
        Err(PeerError::KeepsNothing)
    }

    /// Has a letter tried again, with this body if one is given.
    async fn replay(&self, letter: &LetterKey, body: Option<&str>) -> Result<Result<(), Problem>, PeerError>;

    /// Has the service go on without a letter.
    async fn discard(&self, letter: &LetterKey) -> Result<Result<(), Problem>, PeerError>;
}

/// A service does not tell.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Its engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It keeps nothing, so that it has no messages.
    #[error("this service keeps nothing")]
    KeepsNothing,
    /// It does not answer, or not with what was asked.
    #[error("the service does not answer: {0}")]
    Away(#[source] Cause),
}

/// The services that one can ask, by name.
#[derive(Clone, Default)]
pub struct Peers(BTreeMap<String, Arc<dyn Peer>>);

impl Peers {
    /// Adds a service.
    pub fn insert(&mut self, name: &str, peer: impl Peer + 'static) {
        self.0.insert(name.to_owned(), Arc::new(peer));
    }

    /// A service by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Peer> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Asks all of them at once what waits; their answers, each with the time when it came, in the order of their
    /// names.
    pub async fn traffic(&self) -> Vec<(&str, Result<(Traffic, Instant), PeerError>)> {
        let asked = self.0.iter().map(|(name, peer)| async move {
            (name.as_str(), peer.traffic().await.map(|traffic| (traffic, Instant::now())))
        });
        told(join_all(asked).await)
    }

    /// Asks all of them at once, or one, for their dead letters; their answers, in the order of their names.
    pub async fn dead_letters(&self, only: Option<&str>) -> Vec<(&str, Result<Letters, PeerError>)> {
        let asked = self.0.iter().filter(|(name, _)| only.is_none_or(|only| only == name.as_str()));
        let asked = asked.map(|(name, peer)| async move { (name.as_str(), peer.dead_letters().await) });
        told(join_all(asked).await)
    }
}

/// What services answered, without those that keep nothing.
fn told<T>(answers: Vec<(&str, Result<T, PeerError>)>) -> Vec<(&str, Result<T, PeerError>)> {
    let keeps = |answer: &Result<T, PeerError>| !matches!(answer, Err(PeerError::KeepsNothing));
    answers.into_iter().filter(|(_, answer)| keeps(answer)).collect()
}

/// A service of this process.
#[async_trait]
impl Peer for Service {
    async fn traffic(&self) -> Result<Traffic, PeerError> {
        let messages = self.messages().ok_or(PeerError::KeepsNothing)?;
        let (outbox, hears) = (messages.outbox.backlog().await?, self.hears().await?);
        let (sent, speaks_on) = self.markers();
        // The clock is read last: what was applied by then cannot have left later.
        let now = self.now_ms().await?;
        Ok(Traffic { service: self.name().to_owned(), now, sent, speaks_on, outbox, hears })
    }

    async fn dead_letters(&self) -> Result<Letters, PeerError> {
        let messages = self.messages().ok_or(PeerError::KeepsNothing)?;
        let Some(letters) = messages.dead_letters else { return Ok(Letters::default()) };
        Ok(letters.list(Most::default()).await?)
    }

    async fn deposit(&self, key: &str) -> Result<Option<Value>, PeerError> {
        let deposits = self.deposits().ok_or(PeerError::KeepsNothing)?;
        Ok(deposits.deposit(key).await?)
    }

    async fn sagas_after(&self, saga: &str) -> Result<Vec<String>, PeerError> {
        let effects = self.effects_of_sagas().ok_or(PeerError::KeepsNothing)?;
        Ok(effects.sagas_after(saga).await?)
    }

    async fn effects(&self, saga: &str) -> Result<Vec<Effect>, PeerError> {
        let effects = self.effects_of_sagas().ok_or(PeerError::KeepsNothing)?;
        Ok(effects.effects(&[saga.to_owned()]).await?)
    }

    async fn replay(&self, letter: &LetterKey, body: Option<&str>) -> Result<Result<(), Problem>, PeerError> {
        let edited = match body.map(|body| check_edited(letter, body)).transpose() {
            Ok(edited) => edited,
            Err(problem) => return Ok(Err(problem)),
        };
        let LetterKey { consumer, sequence, seq } = letter;
        let Some(letters) = self.kept_letters()? else { return Ok(Err(gone())) };
        let done = match edited.zip(body).filter(|_| sequence.is_unreadable()) {
            Some((event, body)) => {
                let event = Received::repaired(&sequence.source, &event, body.to_owned());
                letters.replace(consumer, sequence, *seq, &event).await?
            }
            None => letters.replay(consumer, sequence, *seq, body).await?,
        };
        Ok(if done { Ok(()) } else { Err(gone()) })
    }

    async fn discard(&self, letter: &LetterKey) -> Result<Result<(), Problem>, PeerError> {
        let LetterKey { consumer, sequence, seq } = letter;
        let done = match self.kept_letters()? {
            Some(letters) => letters.discard(consumer, sequence, *seq).await?,
            None => false,
        };
        Ok(if done { Ok(()) } else { Err(gone()) })
    }
}

impl Service {
    fn kept_letters(&self) -> Result<Option<Arc<dyn DeadLetters>>, PeerError> {
        Ok(self.messages().ok_or(PeerError::KeepsNothing)?.dead_letters)
    }
}

fn gone() -> Problem {
    Problem::not_found(&["id"], "there is no such letter any more: it was replayed or discarded")
}
