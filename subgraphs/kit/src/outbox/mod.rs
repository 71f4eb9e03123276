//! The outbox: events are written with their change, and leave afterwards, in their aggregate's order.
//!
//! 1. A change writes its event with the next seq of its aggregate ([`crate::change`], [`crate::documents`]).
//! 2. The [`Relay`] claims aggregates that have something waiting: a lease, and a fence that grows with each
//!    claim. The unit is the aggregate, so a change that commits late is not skipped.
//! 3. What it has published it settles where its fence still stands. A relay that lost its lease may have sent
//!    an event twice; the inbox applies it once.
//!
//! What has left is kept as the archive; the last event of each aggregate for ever, so that a consumer that
//! is new, or has lost something, can load the state ([`crate::changes`]).

mod relay;
mod sql;
mod wake;
mod write;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use relay::{Relay, RelayOptions, Turn};
pub use sql::SqlOutbox;
pub(crate) use sql::purge;
pub use wake::{Wake, pause};
pub(crate) use write::{write, write_with_result};

use crate::{bus::Topic, error::StoreError, event::OutboxRow};

/// One aggregate of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateKey {
    /// Its type.
    pub aggregate_type: String,
    /// Its identifier.
    pub id: String,
}

/// An aggregate whose next events are this relay's to send until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which.
    pub aggregate: AggregateKey,
    /// Grows with each claim; settling needs the newest.
    pub fence: i64,
    /// How often in a row sending has failed.
    pub attempts: i64,
    /// Its first events that have not left, in their order.
    pub events: Vec<OutboxRow>,
}

/// How much to claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimOptions {
    /// Aggregates at once.
    pub aggregates: u32,
    /// Events of each.
    pub depth: u32,
    /// How long the lease holds, in ms of the engine's clock.
    pub lease_ms: i64,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Which aggregate.
    pub aggregate: AggregateKey,
    /// The fence of the claim.
    pub fence: i64,
    /// How many of the claimed events have left, from the first on.
    pub sent: usize,
    /// What kept the next one from leaving.
    pub failure: Option<Failure>,
}

/// Why an event has not left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It is tried again after so many ms.
    Passing {
        /// The pause.
        retry_in_ms: i64,
    },
    /// It can never leave as it is: its aggregate's events wait until somebody mends it.
    Stuck {
        /// Why.
        reason: String,
    },
}

/// What waits in an outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// How many events have not left.
    pub events: i64,
    /// How long the oldest of them has waited, in ms of the engine's clock.
    pub oldest_ms: Option<i64>,
    /// How many aggregates cannot be sent.
    pub stuck: i64,
}

/// Where events wait. Every method is atomic on its engine.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Claims aggregates that have something waiting, those that wait longest first.
    async fn claim(&self, options: ClaimOptions) -> Result<Vec<Claim>, StoreError>;

    /// Settles claims whose fences still stand, and ends their leases; how many those were.
    async fn settle(&self, settlements: &[Settlement]) -> Result<usize, StoreError>;

    /// What waits.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Lets the commands and replies that have left on a topic leave once more, as far as they are kept, since the topic has lost them;
    /// how many sequences go on from an earlier place. Whoever has applied one drops it. An outbox that keeps none leaves it to those who ask to ask again.
    async fn send_again(&self, _topic: &Topic) -> Result<u64, StoreError> {
        Ok(0)
    }
}
