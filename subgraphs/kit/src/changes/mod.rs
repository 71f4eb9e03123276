//! State transfer: an owner's aggregates as they are now, each as its last event, for consumers that are new,
//! were lost, or miss an event.
//!
//! `GET /changes?from=CURSOR&limit=N` answers `{"changes": [EVENT, …], "next": CURSOR | null}`, in the order of
//! aggregate type and identifier; `GET /changes?of=TYPE/ID` answers the one aggregate. What changes while a
//! consumer reads is not lost: it has subscribed before, and the event comes by the bus.

mod http;
mod sql;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use http::HttpOwners;
pub use sql::SqlChanges;

use crate::{
    error::{Cause, StoreError},
    inbox::LoadError,
};

/// An aggregate's place in its owner's state, `TYPE/ID`: the name of its sequence, and a cursor.
pub(crate) fn place(aggregate_type: &str, id: &str) -> String {
    format!("{aggregate_type}/{id}")
}

/// The type and the identifier of a place; no type holds a `/`. Before the first place, both are empty.
pub(crate) fn of_place(place: &str) -> (&str, &str) {
    place.split_once('/').unwrap_or_default()
}

/// Part of an owner's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The last event of each of some aggregates, in JSON.
    pub changes: Vec<String>,
    /// Where the next part begins; `None` after the last one.
    pub next: Option<String>,
}

/// What an owner tells of its state.
#[async_trait]
pub trait Changes: Send + Sync {
    /// The aggregates after a cursor, `limit` of them at most.
    async fn page(&self, from: Option<&str>, limit: u32) -> Result<Page, StoreError>;

    /// One aggregate by its sequence, `TYPE/ID`.
    async fn of(&self, stream: &str) -> Result<Option<String>, StoreError>;
}

/// The owners whose events a consumer hears.
#[async_trait]
pub trait Owners: Send + Sync {
    /// A page of an owner's state.
    async fn changes(&self, owner: &str, from: Option<&str>, limit: u32) -> Result<Page, LoadError>;

    /// The state of one aggregate of an owner.
    async fn change_of(&self, owner: &str, stream: &str) -> Result<Option<String>, LoadError>;
}

/// Owners in this process.
#[derive(Clone, Default)]
pub struct LocalOwners(BTreeMap<String, Arc<dyn Changes>>);

impl LocalOwners {
    /// Adds an owner.
    pub fn insert(&mut self, name: &str, changes: Arc<dyn Changes>) {
        self.0.insert(name.to_owned(), changes);
    }

    fn owner(&self, name: &str) -> Result<&dyn Changes, LoadError> {
        let unknown = || Cause::from(format!("no service `{name}` is known"));
        Ok(self.0.get(name).ok_or_else(|| LoadError::Owner(unknown()))?.as_ref())
    }
}

#[async_trait]
impl Owners for LocalOwners {
    async fn changes(&self, owner: &str, from: Option<&str>, limit: u32) -> Result<Page, LoadError> {
        let page = self.owner(owner)?.page(from, limit).await;
        page.map_err(|error| LoadError::Owner(error.into()))
    }

    async fn change_of(&self, owner: &str, stream: &str) -> Result<Option<String>, LoadError> {
        let change = self.owner(owner)?.of(stream).await;
        change.map_err(|error| LoadError::Owner(error.into()))
    }
}
