//! Stage by stage, forward or backward.

use serde_json::Value;

use super::Turn;
use crate::{
    definition::{Definition, Role, gather},
    saga::{Phase, Saga, Status},
};

impl Turn<'_> {
    /// Asks for all that can be asked for now, and ends the saga if nothing is left.
    pub(super) fn drive(&mut self) {
        match self.saga.phase {
            Phase::Running => self.drive_forward(),
            Phase::Compensating => self.drive_backward(),
            Phase::Completed | Phase::Compensated | Phase::Stuck => {}
        }
    }

    /// The steps of a stage, as indexes.
    fn stage(&self, number: usize) -> Vec<usize> {
        let stage = self.definition.stages[number];
        let is_of_stage = |index: &usize| stage.iter().any(|step| step.name == self.saga.steps[*index].step);
        (0..self.saga.steps.len()).filter(is_of_stage).collect()
    }

    fn drive_forward(&mut self) {
        let mut failed = false;
        for number in 0..self.definition.stages.len() {
            let steps = self.stage(number);
            for &index in &steps {
                if self.saga.steps[index].status == Status::Pending {
                    self.set(index, Status::Doing);
                    self.ask(index);
                }
            }
            let status = |index: &usize| self.saga.steps[*index].status;
            if steps.iter().any(|index| matches!(status(index), Status::Doing | Status::Abandoning)) {
                return;
            }
            failed |=
                steps.iter().any(|index| status(index) == Status::Failed && !self.is_best_effort(*index));
            if failed {
                break;
            }
        }
        self.saga.phase = if failed { Phase::Stuck } else { Phase::Completed };
    }

    fn is_best_effort(&self, index: usize) -> bool {
        self.step(index).role == Role::BestEffort
    }

    fn drive_backward(&mut self) {
        let mut failed = false;
        for number in (0..self.definition.stages.len()).rev() {
            let steps = self.stage(number);
            for &index in &steps {
                let may_have_happened = matches!(self.saga.steps[index].status, Status::Done | Status::Doing);
                if may_have_happened && matches!(self.step(index).role, Role::Compensable { .. }) {
                    self.set(index, Status::Undoing);
                    self.ask(index);
                }
            }
            let status = |index: &usize| self.saga.steps[*index].status;
            if steps.iter().any(|index| status(index) == Status::Undoing) {
                return;
            }
            failed |= steps.iter().any(|index| status(index) == Status::Failed);
        }
        self.saga.phase = if failed { Phase::Stuck } else { Phase::Compensated };
    }
}

/// What a completed saga has come to.
#[must_use]
pub fn result(definition: &Definition, saga: &Saga) -> Value {
    gather(definition.result, saga, &Value::Null)
}
