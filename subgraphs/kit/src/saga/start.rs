//! A saga that a service wants begun: it has done something that others are to go on with, in the same transaction.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{message, read};
use crate::{
    event::{Envelope, Event},
    inbox::HandleError,
};

/// A saga to begin; one that has begun is not begun again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Its identifier.
    pub saga: String,
    /// Its kind.
    pub kind: String,
    /// On whose behalf.
    pub caller: String,
    /// What it is given.
    pub input: Value,
}

impl Start {
    /// What the aggregate of its message is called, and that of no answer.
    pub const AGGREGATE: &'static str = "Command";

    /// The message that asks the coordinator, on its topic of commands.
    #[must_use]
    pub fn event(&self, service: &'static str) -> Event {
        message(Self::AGGREGATE, "SagaRequested", service, &self.saga, self)
    }

    /// Reads a message.
    pub fn read(event: &Envelope) -> Result<Self, HandleError> {
        read(event)
    }
}
