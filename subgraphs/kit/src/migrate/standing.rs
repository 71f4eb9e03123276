//! How a service's migrations stand, and what is still in use there that a contract step may wait for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use semver::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LedgerEntry, Phase, Requirements};
use crate::event::Envelope;

/// A process that was not seen for so long, in ms, is gone.
pub(crate) const GONE_MS: i64 = 60_000;
/// An event that left is on its way for as long as a bus may give it out, in ms: a day, the retention of topics.
pub(crate) const ON_ITS_WAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The most events that are looked through for their schemas.
pub(crate) const MOST_EVENTS: u32 = 10_000;

/// A process that runs on a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// A `UUIDv7`, made when it started.
    pub id: Uuid,
    /// The release of its program.
    pub release: Version,
}

impl Process {
    /// This process, under a new identifier: one that no client ever sees, so that it is not of those that repeat in tests.
    #[must_use]
    pub fn of_now() -> Self {
        Self { id: Uuid::now_v7(), release: release() }
    }
}

/// The release of this program.
#[must_use]
pub fn release() -> Version {
    // Cargo lets no other text through.
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

/// The oldest of each kind that is still in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Minima {
    /// Schemas of events that wait or may be on their way, by type; `None` if too many wait.
    pub event_schemas: Option<BTreeMap<String, i32>>,
    /// Definitions of sagas under way, by kind; `None` where no sagas are kept.
    pub saga_definitions: Option<BTreeMap<String, u32>>,
    /// Schemas of documents, by collection; those left out that hold none.
    pub documents: BTreeMap<String, u32>,
}

/// A migration that is not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// `owner/version`.
    pub step: String,
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// What it requires, in words.
    pub requires: Vec<String>,
}

impl Pending {
    pub(crate) fn new(owner: &str, version: u32, name: &str, phase: Phase) -> Self {
        let requires = phase.requires().into_iter().flat_map(Requirements::iter);
        Self {
            step: step_name(owner, version),
            name: name.to_owned(),
            phase: phase.as_str().to_owned(),
            requires: requires.map(ToString::to_string).collect(),
        }
    }
}

/// A migration as it is written in messages.
pub(crate) fn step_name(owner: &str, version: u32) -> String {
    format!("{owner}/{version:04}")
}

/// What an engine tells of its migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What was applied, in order.
    pub ledger: Vec<LedgerEntry>,
    /// What was not, with what it requires.
    pub pending: Vec<(Pending, Option<Requirements>)>,
    /// The processes that were seen lately.
    pub processes: Vec<Process>,
    /// What is still in use.
    pub minima: Minima,
}

/// How a service stands: the answer to `GET /migrations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The service.
    pub service: String,
    /// What was applied, in order.
    pub ledger: Vec<LedgerEntry>,
    /// What was not.
    pub pending: Vec<Pending>,
    /// The processes that were seen lately.
    pub processes: Vec<Process>,
    /// What is still in use.
    pub minima: Minima,
}

/// What became of a contract step, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contracted {
    /// `owner/version`.
    pub step: String,
    /// Its name.
    pub name: String,
    /// What it requires, in words.
    pub requires: Vec<String>,
    /// What speaks against it; nothing if it may be applied.
    pub unmet: Vec<String>,
    /// Whether it was applied.
    pub applied: bool,
}

impl Contracted {
    /// A missing migration that is to be applied now, unless a gate has something against it.
    pub(crate) async fn asked(
        gate: Option<&dyn Gate>,
        (pending, requires): (Pending, Option<Requirements>),
    ) -> Self {
        let unmet = match gate.zip(requires) {
            Some((gate, requires)) => gate.unmet(requires).await,
            None => Vec::new(),
        };
        let applied = unmet.is_empty();
        Self::new(pending, unmet, applied)
    }

    pub(crate) fn new(pending: Pending, unmet: Vec<String>, applied: bool) -> Self {
        let Pending { step, name, requires, .. } = pending;
        Self { step, name, requires, unmet, applied }
    }
}

/// Says whether a contract step may be applied; asked once more under the lock.
#[async_trait]
pub trait Gate: Send + Sync {
    /// What speaks against it.
    async fn unmet(&self, requires: Requirements) -> Vec<String>;
}

/// The oldest schema of each type of these events; `None` if they are more than are looked through. What cannot be read
/// has no schema that anything could wait for.
pub(crate) fn oldest_schemas<'e>(
    bodies: impl ExactSizeIterator<Item = &'e str>,
) -> Option<BTreeMap<String, i32>> {
    if bodies.len() > MOST_EVENTS as usize {
        return None;
    }
    let mut oldest = BTreeMap::new();
    for event in bodies.filter_map(|body| Envelope::as_written(body.as_bytes()).ok()) {
        let schema = oldest.entry(event.kind().to_owned()).or_insert(event.schemaversion);
        *schema = event.schemaversion.min(*schema);
    }
    Some(oldest)
}
