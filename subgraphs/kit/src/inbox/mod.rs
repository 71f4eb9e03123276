//! The inbox: what has come is applied in order, each event once. It is acknowledged when it was applied, or is stored.
//!
//! 1. The [`Consumer`] gives the [`Inbox`] what a subscription delivers, and acknowledges it afterwards. What was applied
//!    before is dropped by its number.
//! 2. The inbox applies what is next in its sequence: the effect, and the mark that it was applied, are one
//!    transaction ([`at_once`]). Later events are stored, and wait for the one before them (parked).
//! 3. An event that cannot be applied holds up its own sequence and no other: it is tried again, and then is a
//!    dead letter that somebody lists, edits, replays or discards.
//! 4. Where an event does not come, or nothing has come yet, the owner is asked for the state ([`crate::changes`]).
//!
//! A sequence is an aggregate's events. A command or a reply is a sequence of its own: it needs no order, and
//! is applied once all the same. Markers go the same way, so that it shows how long the way is ([`marker`]).

mod arrival;
mod at_once;
mod consumer;
mod dead;
mod marker;
mod process;
mod sql;
mod store;
mod transfer;

pub use arrival::{Arrival, Ordering};
pub use consumer::{Consumer, ReceiveError};
pub use dead::{DeadLetter, DeadLetters, Letters, Most};
pub(crate) use marker::{MARKERS, Marker, place};
pub use process::{Inbox, InboxOptions, Turn};
pub use sql::SqlInbox;
pub(crate) use sql::purge;
pub(crate) use store::KEPT_MS;
pub use store::{
    Advance, Gap, InboxBacklog, InboxStore, Ready, ReadyLimits, Received, SequenceKey, SourceState, Standing,
};
pub use transfer::LoadError;

use async_trait::async_trait;

use crate::{
    error::StoreError,
    event::{Envelope, Unreadable},
};

/// What a service does with the events that it hears.
#[async_trait]
pub trait Handler<Tx>: Send + Sync {
    /// Applies an event within a transaction that also marks it as applied. Events of one aggregate come in
    /// their order; of an aggregate whose state was loaded from its owner, only the last one comes.
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError>;
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The engine failed; the event is tried again for as long as that may help.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be read; one of a newer version waits until this program is of a release that can.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The event cannot be applied as it is.
    #[error("{0}")]
    Poison(String),
}
