//! The port to an engine that keeps records.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::error::StoreError;

/// A record as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its key.
    pub key: String,
    /// Its text; none if it is to go.
    pub text: Option<String>,
}

/// An engine that one process has for itself. What was committed is on the disk, and is what the next reading finds.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// What handlers want written beside the records.
    type Effects: Default + Send;

    /// The texts of those of these keys that are there.
    async fn get(&self, keys: &[String]) -> Result<BTreeMap<String, String>, StoreError>;

    /// The records whose keys begin so, by key.
    async fn scan(&self, prefix: &str) -> Result<BTreeMap<String, String>, StoreError>;

    /// Writes records and effects: all of it, or nothing. Of several writes of a key, the last one counts.
    async fn commit(&self, records: &[Write], effects: Self::Effects) -> Result<(), StoreError>;

    /// Does what a migration's script says. It may run twice: its row in the ledger is written after it.
    async fn run(&self, script: &str) -> Result<(), StoreError>;

    /// How many readings and commits there were.
    fn statements(&self) -> u64;

    /// Closes what is open, once what is under way has ended.
    async fn close(&self);
}
