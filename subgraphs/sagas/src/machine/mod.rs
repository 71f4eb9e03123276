//! How a saga goes on: pure functions from a saga and what has happened to the next saga and what is to be
//! asked. Whoever calls them stores both in one transaction, so that each intent is written before it leaves.
//!
//! 1. Forward, a stage at a time. A step that is refused turns the saga, if it stands before the pivot or is it.
//! 2. A step without an answer is asked again; after that, a compensable one turns the saga, and the pivot is
//!    abandoned: only if its service answers that it never will be done, the saga turns.
//! 3. Backward, a stage at a time, whatever may have happened is undone.
//! 4. After the pivot steps are asked until they are done. What fails for too long leaves the saga stuck: the
//!    rest is brought to an end, and somebody is needed.
//! 5. What somebody settles by hand, services do not know of: when the saga is over they are told to let go of what
//!    they hold for it.
//! 6. A saga that is not known any more is taken up from what its services did: after the pivot it goes on, before it it
//!    turns back, unless all is known that is still to be asked.

mod answer;
mod operator;
mod stages;
mod start;
mod take_up;
mod time;

pub use answer::answer;
pub use operator::{Resolution, cancel, resolve, retry};
pub use stages::result;
pub use start::{Beginning, start};
pub use take_up::{Remains, is_news, take_up};
pub use time::on_time;

use crate::{
    definition::{Definition, Role, Step, gather},
    saga::{Phase, Saga, Status, StepRun},
};
use lms_kit::{
    Problem,
    planted::{self, Bug},
    saga::{Action, Request},
};

/// Something to ask of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Whom.
    pub service: &'static str,
    /// What.
    pub request: Request,
}

/// How often a service is asked to do or undo a step before that counts as failed.
pub const ATTEMPTS: u32 = 8;
/// The pause doubles with each attempt, up to so many times.
const DOUBLINGS: u32 = 5;

/// A saga in the making: its definition, the time, and what is to be asked.
struct Turn<'t> {
    definition: &'t Definition,
    saga: &'t mut Saga,
    now_ms: i64,
    asks: Vec<Ask>,
}

impl<'t> Turn<'t> {
    fn new(definition: &'t Definition, saga: &'t mut Saga, now_ms: i64) -> Self {
        Self { definition, saga, now_ms, asks: Vec::new() }
    }

    /// Goes on as far as it can without another answer.
    fn finish(mut self) -> Vec<Ask> {
        if self.saga.taken_up {
            // What it was given has the names of what it comes to.
            self.saga.input = result(self.definition, self.saga);
        }
        self.drive();
        if self.saga.phase.is_over() && self.saga.steps.iter().any(|run| run.by_hand) {
            self.release();
        }
        self.saga.updated_at = self.now_ms;
        self.saga.version += 1;
        self.asks
    }

    fn step(&self, index: usize) -> &'static Step {
        let name = &self.saga.steps[index].step;
        self.definition.step(name).expect("a saga's steps are those of its definition")
    }

    /// Asks for a step in its present status, once more.
    fn ask(&mut self, index: usize) {
        let step = self.step(index);
        let run = &self.saga.steps[index];
        let (action, operation) = match (run.status, step.role) {
            (Status::Undoing, Role::Compensable { undo }) => (Action::Undo, undo),
            (Status::Abandoning, _) => (Action::Abandon, step.operation),
            _ => (Action::Do, step.operation),
        };
        let attempt = run.attempts + 1;
        self.asks.push(self.request(index, attempt, action, operation));
        let pause = self.pause(step, attempt, index);
        let run = &mut self.saga.steps[index];
        run.attempts = attempt;
        run.due_at = Some(self.now_ms + pause);
        run.started_at.get_or_insert(self.now_ms);
    }

    fn request(&self, index: usize, attempt: u32, action: Action, operation: &str) -> Ask {
        let (step, run) = (self.step(index), &self.saga.steps[index]);
        let request = Request {
            saga: self.saga.id.clone(),
            step: if attempt > 1 && planted::is(Bug::NewStepName) {
                format!("{}~{attempt}", run.name)
            } else {
                run.name.clone()
            },
            attempt,
            generation: self.saga.generation,
            action,
            operation: operation.to_owned(),
            input: gather(step.input, self.saga, &run.item),
            owner: self.saga.owner(),
        };
        Ask { service: step.service, request }
    }

    /// Tells services that the saga is over, where they may not know it, since somebody has settled something by hand: what
    /// steps before the pivot have taken for the saga is let go. The message waits until it is applied, and nothing is to
    /// be done about its answer.
    fn release(&mut self) {
        let is_turned_back = self.saga.phase == Phase::Compensated;
        for index in 0..self.saga.steps.len() {
            let (step, run) = (self.step(index), &self.saga.steps[index]);
            let Role::Compensable { undo } = step.role else { continue };
            if run.started_at.is_none() || (is_turned_back && !run.by_hand) {
                continue;
            }
            let operation = if is_turned_back { undo } else { step.operation };
            let ask = self.request(index, 1, Action::Release, operation);
            self.asks.push(ask);
        }
    }

    /// The time for an answer: longer with each attempt, and not the same for each saga and step.
    fn pause(&self, step: &Step, attempt: u32, index: usize) -> i64 {
        let base = i64::try_from(step.timeout.as_millis()).unwrap_or(i64::MAX / 64);
        let whole = base << (attempt - 1).min(DOUBLINGS);
        let spread = self
            .saga
            .id
            .bytes()
            .fold(index + attempt as usize, |sum, byte| sum * 31 % 997 + usize::from(byte));
        whole + whole * i64::try_from(spread % 256).unwrap_or(0) / 1024
    }

    /// Moves a step to another status; nothing is due of it until it is asked for again.
    fn set(&mut self, index: usize, status: Status) {
        let run = &mut self.saga.steps[index];
        (run.status, run.attempts, run.due_at) = (status, 0, None);
        run.changed_at = Some(self.now_ms);
    }

    /// Turns back for a reason; the first one stays.
    fn turn_back(&mut self, reason: Option<Problem>) {
        self.saga.problem = self.saga.problem.take().or(reason);
        if self.saga.phase == Phase::Running {
            self.saga.phase = Phase::Compensating;
            self.saga.generation += 1;
        }
    }
}

/// A problem of a step that its service never answered.
fn silence(run: &StepRun, service: &str) -> Problem {
    let message = format!("{service} did not answer {} requests for {}", run.attempts, run.name);
    Problem::Unavailable { message, path: Vec::new(), retry_after: 0 }
}
