//! Time has passed without an answer.

use lms_kit::planted::{self, Bug};

use super::{ATTEMPTS, Ask, Turn, silence};
use crate::{
    definition::{Definition, Role},
    saga::{Phase, Saga, Status},
};

/// Asks again for what is due, or gives it up. `None`: nothing is due.
pub fn on_time(definition: &Definition, saga: &mut Saga, now_ms: i64) -> Option<Vec<Ask>> {
    let is_due = |index: &usize| saga.steps[*index].due_at.is_some_and(|due| due <= now_ms);
    let due: Vec<usize> = (0..saga.steps.len()).filter(is_due).collect();
    if due.is_empty() {
        return None;
    }
    let mut turn = Turn::new(definition, saga, now_ms);
    for index in due {
        turn.again(index);
    }
    Some(turn.finish())
}

impl Turn<'_> {
    fn again(&mut self, index: usize) {
        let step = self.step(index);
        let run = &self.saga.steps[index];
        if run.status == Status::Doing && self.saga.phase == Phase::Compensating {
            // Another step that was due has turned the saga: this one is undone, not asked again.
            return;
        }
        if run.attempts < ATTEMPTS || run.status == Status::Abandoning {
            // An abandon is asked for ever: without its answer nobody knows which way to go.
            self.ask(index);
            return;
        }
        let (status, problem) = (run.status, silence(run, step.service));
        self.saga.steps[index].problem = Some(problem.clone());
        match (status, step.role) {
            (Status::Doing, Role::Pivot) if planted::is(Bug::NoAbandon) => self.turn_back(Some(problem)),
            (Status::Doing, Role::Compensable { .. }) => self.turn_back(Some(problem)),
            (Status::Doing, Role::Pivot) => {
                self.set(index, Status::Abandoning);
                self.ask(index);
            }
            (Status::Doing, Role::BestEffort) => {
                self.set(index, Status::Failed);
                self.saga.warnings.push(problem);
            }
            _ => {
                self.set(index, Status::Failed);
                self.saga.problem.get_or_insert(problem);
            }
        }
    }
}
