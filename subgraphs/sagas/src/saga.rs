//! A saga as it stands.

use lms_kit::{Problem, saga::Owner};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind that may be begun without a token.
const REGISTRATION: &str = "RegisterStudentSaga";

/// A saga. Whoever changes it does so from the version that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saga {
    /// A `UUIDv7`.
    pub id: String,
    /// Its definition's kind.
    pub kind: String,
    /// Its definition's version.
    pub definition: u32,
    /// Who began it.
    pub caller: String,
    /// The trace in which it began.
    pub traceparent: Option<String>,
    /// What it was given.
    pub input: Value,
    /// Where it is.
    pub phase: Phase,
    /// Grows whenever it turns or is begun anew; answers to an older one are passed over.
    pub generation: u32,
    /// Grows with each change.
    pub version: i64,
    /// Its steps, in the order of the definition; a step for each item has an instance for each.
    pub steps: Vec<StepRun>,
    /// Why it was turned or is stuck.
    pub problem: Option<Problem>,
    /// What did not come about, though the saga has.
    pub warnings: Vec<Problem>,
    /// Whether it was lost, and is known again from what its services did for it: what it was given is what that tells.
    #[serde(default, skip_serializing_if = "is_false")]
    pub taken_up: bool,
    /// When it began, in ms of the engine's clock.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// Where a saga is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Step by step towards its end.
    Running,
    /// Back: what was done is undone.
    Compensating,
    /// At its end; there may be warnings.
    Completed,
    /// Back where it began.
    Compensated,
    /// It cannot go on by itself: a step after the pivot, or an undo, has failed for too long.
    Stuck,
}

impl Phase {
    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::Compensated | Self::Stuck)
    }

    /// Whether nothing more happens, whoever steps in.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Compensated)
    }

    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Compensating => "COMPENSATING",
            Self::Completed => "COMPLETED",
            Self::Compensated => "COMPENSATED",
            Self::Stuck => "STUCK",
        }
    }
}

/// One step, or one instance of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// The step's name, with `#` and the item's number if there are several.
    pub name: String,
    /// The step's name in the definition.
    pub step: String,
    /// The item that it is done for, or null.
    pub item: Value,
    /// Where it is.
    pub status: Status,
    /// How often its service was asked in this status.
    pub attempts: u32,
    /// When it is asked again, in ms of the engine's clock.
    pub due_at: Option<i64>,
    /// What it came to.
    pub output: Option<Value>,
    /// Why it was refused or has failed.
    pub problem: Option<Problem>,
    /// Whether somebody has said that it was done or undone by hand.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_hand: bool,
    /// When it was first asked.
    pub started_at: Option<i64>,
    /// When its status was last changed.
    pub changed_at: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It was not asked for yet.
    Pending,
    /// It was asked for, and there is no answer.
    Doing,
    /// There was no answer, and the service is asked whether there will be one.
    Abandoning,
    /// It is done.
    Done,
    /// It was refused: nothing of it has happened or will.
    Refused,
    /// It is being undone, whether or not it was done.
    Undoing,
    /// It is undone.
    Undone,
    /// It was tried for too long.
    Failed,
}

impl Saga {
    /// What the instances of a step came to, those that are done.
    pub fn outputs_of<'s>(&'s self, step: &'s str) -> impl Iterator<Item = &'s Value> {
        self.steps.iter().filter(move |run| run.step == step).filter_map(|run| run.output.as_ref())
    }

    /// Who may see it. Only registrations may be begun without a token: then its identifier, which only whoever began it
    /// was told, is all that there is to know its owner by.
    #[must_use]
    pub fn owner(&self) -> Owner {
        if self.kind == REGISTRATION {
            Owner::of_caller(&self.caller)
        } else {
            Owner::User(self.caller.clone())
        }
    }

    /// When something is due, in ms of the engine's clock.
    #[must_use]
    pub fn due_at(&self) -> Option<i64> {
        self.steps.iter().filter_map(|run| run.due_at).min()
    }
}
