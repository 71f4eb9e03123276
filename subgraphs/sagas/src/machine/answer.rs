//! A service has answered.

use lms_kit::{
    Problem,
    planted::{self, Bug},
    saga::{Action, Outcome, Reply},
};
use serde_json::Value;

use super::{Ask, Turn};
use crate::{
    definition::{Definition, Role},
    saga::{Phase, Saga, Status},
};

/// Takes an answer. `None`: it is one to something that is not asked any more, and changes nothing.
pub fn answer(definition: &Definition, saga: &mut Saga, reply: &Reply, now_ms: i64) -> Option<Vec<Ask>> {
    let index = saga.steps.iter().position(|run| run.name == reply.step)?;
    if reply.generation != saga.generation && !planted::is(Bug::AnyGeneration) {
        return None;
    }
    let mut turn = Turn::new(definition, saga, now_ms);
    let taken = match turn.saga.steps[index].status {
        Status::Doing => reply.action == Action::Do && turn.done_or_refused(index, &reply.outcome),
        Status::Abandoning => reply.action != Action::Undo && turn.done_or_refused(index, &reply.outcome),
        Status::Undoing => reply.action == Action::Undo && turn.undone(index, &reply.outcome),
        Status::Done | Status::Refused if planted::is(Bug::AnswerTwice) => {
            reply.action == Action::Do && turn.done_or_refused(index, &reply.outcome)
        }
        Status::Failed => turn.after_all(index, reply),
        Status::Pending | Status::Done | Status::Refused | Status::Undone => false,
    };
    taken.then(|| turn.finish())
}

impl Turn<'_> {
    /// An answer to what was given up: a stuck saga that waits for nothing else goes on by itself.
    fn after_all(&mut self, index: usize, reply: &Reply) -> bool {
        let forward = match (&reply.outcome, self.step(index).role) {
            (Outcome::Done { output }, Role::Pivot | Role::Retriable) if reply.action == Action::Do => {
                self.done(index, output.clone());
                true
            }
            (Outcome::Undone, Role::Compensable { .. }) => {
                self.set(index, Status::Undone);
                false
            }
            _ => return false,
        };
        self.saga.steps[index].problem = None;
        if self.saga.phase == Phase::Stuck {
            self.saga.phase = if forward { Phase::Running } else { Phase::Compensating };
            self.saga.problem = self.saga.problem.take().filter(|_| !forward);
        }
        true
    }

    fn done_or_refused(&mut self, index: usize, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Done { output } => self.done(index, output.clone()),
            Outcome::Refused { problem } => self.refused(index, problem.clone()),
            Outcome::Undone | Outcome::NotUndone { .. } => return false,
        }
        true
    }

    fn done(&mut self, index: usize, output: Value) {
        if self.saga.steps[index].status == Status::Abandoning {
            // It took place after all: there is no way back, and no reason for one.
            self.saga.problem = None;
        }
        self.set(index, Status::Done);
        self.saga.steps[index].output = Some(output);
    }

    /// A refusal is final: nothing of the step has happened or will.
    fn refused(&mut self, index: usize, problem: Option<Problem>) {
        let step = self.step(index);
        let problem = problem.or_else(|| self.saga.steps[index].problem.take());
        self.saga.steps[index].problem.clone_from(&problem);
        match step.role {
            Role::Compensable { .. } | Role::Pivot => {
                self.set(index, Status::Refused);
                self.turn_back(problem);
            }
            Role::BestEffort => {
                self.set(index, Status::Refused);
                self.saga.warnings.extend(problem);
            }
            Role::Retriable => {
                self.set(index, Status::Failed);
                self.saga.problem = problem;
            }
        }
    }

    fn undone(&mut self, index: usize, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Undone => self.set(index, Status::Undone),
            Outcome::NotUndone { problem } => {
                self.set(index, Status::Failed);
                self.saga.steps[index].problem = Some(problem.clone());
            }
            Outcome::Done { .. } | Outcome::Refused { .. } => return false,
        }
        true
    }
}
