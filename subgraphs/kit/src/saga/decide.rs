//! What a request comes to by what is kept of its step: the table of [`super`], as a function.

use serde_json::Value;

use super::{Action, Outcome, StepState};
use crate::{
    planted::{self, Bug},
    problem::Problem,
};

/// What is to be done about a request.
pub(super) enum Verdict {
    /// The step is to be done.
    Act,
    /// The step, which came to this, is to be undone.
    Undo(Value),
    /// What the step, which came to this, still holds is to be let go.
    Release(Value),
    /// Nothing is to be done, and this is answered.
    Answer(Answer),
}

/// What is kept of a step from now on, if that changes, and what is answered.
pub(super) struct Answer {
    pub(super) note: Option<StepState>,
    pub(super) outcome: Outcome,
}

impl Answer {
    /// The step has been done.
    pub(super) fn done(output: Value) -> Self {
        Self { note: Some(StepState::Done { output: output.clone() }), outcome: Outcome::Done { output } }
    }

    /// The domain has refused the step.
    pub(super) fn refused(problem: Problem, generation: u32) -> Self {
        let note = StepState::Refused { problem: problem.clone(), generation };
        Self { note: Some(note), outcome: Outcome::Refused { problem: Some(problem) } }
    }

    /// The step stays as it was, and holds nothing.
    pub(super) fn released(output: Value) -> Self {
        Self::again(Outcome::Done { output })
    }

    /// The step has been undone.
    pub(super) fn undone() -> Self {
        Self { note: Some(StepState::Undone), outcome: Outcome::Undone }
    }

    /// The domain has refused the undo.
    pub(super) fn not_undone(problem: Problem) -> Self {
        Self { note: None, outcome: Outcome::NotUndone { problem } }
    }

    fn tombstone(outcome: Outcome) -> Self {
        Self { note: Some(StepState::Tombstone), outcome }
    }

    fn again(outcome: Outcome) -> Self {
        Self { note: None, outcome }
    }
}

/// What is to be done about a request of this generation, where this is kept of its step.
pub(super) fn decide(action: Action, generation: u32, before: Option<StepState>) -> Verdict {
    Verdict::Answer(match (action, before) {
        (Action::Do, None) => return Verdict::Act,
        // Somebody has mended what it was refused for, and lets its saga go on.
        (Action::Do, Some(StepState::Refused { generation: earlier, .. })) if earlier < generation => {
            return Verdict::Act;
        }
        (Action::Do | Action::Abandon, Some(StepState::Done { output })) => {
            Answer::again(Outcome::Done { output })
        }
        (Action::Do | Action::Abandon, Some(StepState::Refused { problem, .. })) => {
            Answer::again(Outcome::Refused { problem: Some(problem) })
        }
        (Action::Do | Action::Abandon, Some(StepState::Undone | StepState::Tombstone)) => {
            Answer::again(Outcome::Refused { problem: None })
        }
        (Action::Undo, Some(StepState::Done { output })) => return Verdict::Undo(output),
        (Action::Undo | Action::Release, Some(StepState::Undone | StepState::Tombstone)) => {
            Answer::again(Outcome::Undone)
        }
        (Action::Undo, None) if planted::is(Bug::NoTombstone) => Answer::again(Outcome::Undone),
        (Action::Undo | Action::Release, None | Some(StepState::Refused { .. })) => {
            Answer::tombstone(Outcome::Undone)
        }
        (Action::Release, Some(StepState::Done { output })) => return Verdict::Release(output),
        (Action::Abandon, None) => Answer::tombstone(Outcome::Refused { problem: None }),
    })
}
