//! The services that keep what messages do not hold.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use lms_kit::{
    Problem,
    inbox::Letters,
    watch::{LetterKey, Peer, PeerError, Traffic},
};
use serde_json::Value;

/// Keeps things by key, and is away when it is told to be.
#[derive(Clone, Default)]
pub(crate) struct Keeper(Arc<Mutex<Option<BTreeMap<String, Value>>>>);

impl Keeper {
    /// Keeps something; whoever keeps something is there.
    pub(crate) fn keep(&self, key: &str, what: Value) {
        self.0.lock().unwrap().get_or_insert_default().insert(key.to_owned(), what);
    }

    pub(crate) fn forget(&self, key: &str) {
        self.0.lock().unwrap().get_or_insert_default().remove(key);
    }
}

#[async_trait]
impl Peer for Keeper {
    async fn deposit(&self, key: &str) -> Result<Option<Value>, PeerError> {
        let kept = self.0.lock().unwrap();
        let kept = kept.as_ref().ok_or_else(|| PeerError::Away("nobody has kept anything yet".into()))?;
        Ok(kept.get(key).cloned())
    }

    async fn traffic(&self) -> Result<Traffic, PeerError> {
        Err(PeerError::KeepsNothing)
    }

    async fn dead_letters(&self) -> Result<Letters, PeerError> {
        Err(PeerError::KeepsNothing)
    }

    async fn replay(&self, _: &LetterKey, _: Option<&str>) -> Result<Result<(), Problem>, PeerError> {
        Err(PeerError::KeepsNothing)
    }

    async fn discard(&self, _: &LetterKey) -> Result<Result<(), Problem>, PeerError> {
        Err(PeerError::KeepsNothing)
    }
}
