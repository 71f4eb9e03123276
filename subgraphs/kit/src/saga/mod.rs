//! A service's part in sagas: steps that it is asked to do, to undo, or to abandon.
//!
//! A coordinator asks by a [`Request`] on the service's topic of commands; the service answers by a [`Reply`].
//! Both may come twice, late and in any order. What a service keeps of each (saga, step) decides:
//!
//! | kept | do | undo | abandon | release |
//! | --- | --- | --- | --- | --- |
//! | nothing | does it: DONE or REFUSED | tombstone: UNDONE | tombstone: REFUSED | tombstone: UNDONE |
//! | DONE | DONE | undoes it: UNDONE | DONE | lets go: DONE |
//! | REFUSED | REFUSED; done anew for a later generation | tombstone: UNDONE | REFUSED | tombstone: UNDONE |
//! | UNDONE or a tombstone | REFUSED | UNDONE | REFUSED | UNDONE |
//!
//! So an undo that overtakes its step keeps the step from ever being done, and only an abandon that answers
//! REFUSED lets a coordinator compensate a step whose outcome it does not know.
//!
//! The table is one function for both kinds of engine: [`Steps`] carries it out in a transaction over tables,
//! [`DocumentSteps`] in one write of a document.

pub mod claims;
mod decide;
mod documents;
mod effects;
mod message;
mod participant;
mod sql;
mod start;

pub(crate) use documents::purge as purge_documents;
pub use documents::{
    Asked, Changed, Deed, DocumentEffects, DocumentParticipant, DocumentSteps, STEPS_ROOM, Target,
    with_replies,
};
pub use effects::{Effect, Effects, Owner, StepNote};
pub use message::{Action, COORDINATOR, Outcome, Reply, Request};
pub use participant::{Act, ActError, Participant, Steps};
pub(crate) use sql::purge;
pub use start::Start;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{bus::Topic, error::StoreError, event::Event, idempotency::Command, problem::Problem};

/// How long it is remembered what became of a step, in ms: a quarter. No saga takes so long without somebody's doing.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    /// It was done, and came to this.
    Done {
        /// What later steps and its undo need.
        output: Value,
    },
    /// The domain refused it.
    Refused {
        /// Why.
        problem: Problem,
        /// In which generation of its saga: a later one may ask again.
        #[serde(default)]
        generation: u32,
    },
    /// It was done and undone.
    Undone,
    /// It was not done, and never will be.
    Tombstone,
}

/// What a transaction of a service can do for its steps.
#[async_trait]
pub trait StepTx: Send {
    /// What became of a step, held until the transaction ends.
    async fn step(&mut self, saga: &str, step: &str) -> Result<Option<StepState>, StoreError>;

    /// Notes what became of a step.
    async fn note_step(&mut self, saga: &str, step: &str, note: &StepNote) -> Result<(), StoreError>;

    /// Begins a part of the transaction that can be taken back by itself.
    async fn begin_part(&mut self) -> Result<(), StoreError>;

    /// Ends the part: it stays, or is taken back.
    async fn end_part(&mut self, keep: Keep) -> Result<(), StoreError>;

    /// Says something, on the service's own topic of events if no other is given.
    async fn say(
        &mut self,
        event: &Event,
        topic: Option<&Topic>,
        command: &Command,
    ) -> Result<(), StoreError>;
}

/// How a part of a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It stays.
    Changes,
    /// It is taken back.
    Nothing,
}
