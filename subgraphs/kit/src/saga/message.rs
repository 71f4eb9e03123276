//! What coordinator and services say to one another.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Owner, StepNote, StepState};
use crate::{
    event::{Envelope, Event},
    inbox::HandleError,
    problem::Problem,
};

/// The service that coordinates: answers go to its topic of replies.
pub const COORDINATOR: &str = "sagas";

/// What is asked of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// Do it.
    Do,
    /// Undo it, whether or not it was done.
    Undo,
    /// Say whether it was done; if not, never do it.
    Abandon,
    /// Let go of what it still holds for its saga, which is over: somebody has settled by hand what its steps could not.
    /// If it was not done, never do it.
    Release,
}

/// Something that a coordinator asks of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The saga.
    pub saga: String,
    /// The step's name within it.
    pub step: String,
    /// How often this was asked, from 1.
    pub attempt: u32,
    /// The saga's generation: an answer to an older one is passed over.
    pub generation: u32,
    /// What is asked.
    pub action: Action,
    /// The service's own name for what the step does.
    pub operation: String,
    /// What the operation needs.
    pub input: Value,
    /// Who may see what comes of it.
    #[serde(default)]
    pub owner: Owner,
}

/// What a service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The saga.
    pub saga: String,
    /// The step.
    pub step: String,
    /// The attempt that is answered.
    pub attempt: u32,
    /// The generation that is answered.
    pub generation: u32,
    /// What was asked.
    pub action: Action,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The step is done.
    Done {
        /// What it came to.
        output: Value,
    },
    /// The step is not done, and will not be.
    Refused {
        /// Why; `None` for a tombstone.
        problem: Option<Problem>,
    },
    /// The step is undone.
    Undone,
    /// An undo was refused: it needs somebody.
    NotUndone {
        /// Why.
        problem: Problem,
    },
}

impl Request {
    /// The message that asks a service.
    #[must_use]
    pub fn event(&self) -> Event {
        message("Command", "StepRequested", COORDINATOR, &self.saga, self)
    }

    /// Reads a message.
    pub fn read(event: &Envelope) -> Result<Self, HandleError> {
        read(event)
    }

    /// What is kept once this has become of the step.
    pub(super) fn noted(&self, state: StepState) -> StepNote {
        StepNote { state, owner: self.owner.clone() }
    }

    /// The answer that this came of it.
    pub(super) fn answered(&self, outcome: Outcome) -> Reply {
        let (saga, step) = (self.saga.clone(), self.step.clone());
        let Self { attempt, generation, action, .. } = *self;
        Reply { saga, step, attempt, generation, action, outcome }
    }
}

impl Reply {
    /// The message that answers for a service.
    #[must_use]
    pub fn event(&self, service: &'static str) -> Event {
        message("Reply", "StepAnswered", service, &self.saga, self)
    }

    /// Reads a message.
    pub fn read(event: &Envelope) -> Result<Self, HandleError> {
        read(event)
    }
}

pub(super) fn message(
    aggregate_type: &'static str,
    kind: &'static str,
    service: &'static str,
    saga: &str,
    content: &impl Serialize,
) -> Event {
    Event {
        service,
        aggregate_type,
        aggregate_id: saga.to_owned(),
        kind,
        data: serde_json::to_value(content).expect("a message has text keys only"),
        deleted: false,
        touches: Vec::new(),
    }
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(event: &Envelope) -> Result<T, HandleError> {
    T::deserialize(&event.data.state)
        .map_err(|error| HandleError::Poison(format!("{} cannot be read: {error}", event.what())))
}
