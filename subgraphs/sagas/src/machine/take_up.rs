//! A saga that is not known any more, since its coordinator's database came from an older backup, is taken up again from
//! what its services say that they did for it.
//!
//! What it was given is lost, but for what its steps came to; and that it is still wanted is known only where a service
//! keeps that. So
//!
//! 1. past the pivot, it goes on: what is asked there goes by what steps came to;
//! 2. before it, one that a service wants goes on if all is known that is to be asked;
//! 3. others turn back, and so does what had begun to. Where all was done that stands before the pivot, that is abandoned
//!    first: it may have been asked for already.

use lms_kit::{
    Problem,
    saga::{Action, Effect, Outcome, Owner, Reply, StepState},
};
use serde_json::Value;

use super::{Ask, Turn, result, start::pending};
use crate::{
    definition::{Definition, Role, Step},
    saga::{Phase, Saga, Status, StepRun},
};

/// What is left of a saga.
#[derive(Debug, Clone)]
pub struct Remains {
    /// Its identifier.
    pub id: String,
    /// When it began, in ms.
    pub began_at: i64,
    /// What its services did for it.
    pub effects: Vec<Effect>,
    /// The saga as it was taken up before, if services have done more since.
    pub before: Option<Saga>,
}

/// The saga as it can be known again, and what is asked first.
#[must_use]
pub fn take_up(definition: &Definition, remains: Remains, now_ms: i64) -> (Saga, Vec<Ask>) {
    let Remains { id, began_at, effects, before } = remains;
    let (version, least) = before.map_or((0, 0), |before| (before.version, before.generation + 1));
    let steps: Vec<StepRun> = definition.steps().flat_map(|step| runs(step, &effects)).collect();
    let mut saga = Saga {
        id,
        kind: definition.kind.to_owned(),
        definition: definition.version,
        caller: caller(&effects),
        traceparent: None,
        input: Value::Null,
        phase: Phase::Running,
        // Later than any that was lost: those count turns, and this one seconds.
        generation: u32::try_from(now_ms / 1000).unwrap_or_default().max(least),
        version,
        warnings: warnings(definition, &steps),
        steps,
        problem: None,
        taken_up: true,
        created_at: began_at,
        updated_at: now_ms,
    };
    saga.input = result(definition, &saga);
    let mut turn = Turn::new(definition, &mut saga, now_ms);
    turn.choose_way();
    let asks = turn.finish();
    (saga, asks)
}

/// Whether an answer says of a saga that was taken up what was not known then: a request that was lost with it has come late.
#[must_use]
pub fn is_news(saga: &Saga, reply: &Reply) -> bool {
    let run = saga.steps.iter().find(|run| run.name == reply.step);
    let was_not_done = run.is_none_or(|run| matches!(run.status, Status::Pending | Status::Failed));
    let is_done = reply.action == Action::Do && matches!(reply.outcome, Outcome::Done { .. });
    saga.taken_up && was_not_done && is_done
}

/// Who began it, as its services were told.
fn caller(effects: &[Effect]) -> String {
    let user = effects.iter().find_map(|effect| match &effect.note.owner {
        Owner::User(user) => Some(user.clone()),
        Owner::Nobody | Owner::Anyone => None,
    });
    user.unwrap_or_default()
}

/// The instances of a step: all that are known of one that is done for each item.
fn runs(step: &Step, effects: &[Effect]) -> Vec<StepRun> {
    if step.each.is_none() {
        let effect = effects.iter().find(|effect| effect.step == step.name);
        return vec![run(step, step.name, effect)];
    }
    let number = |effect: &Effect| effect.step.strip_prefix(step.name)?.strip_prefix('#')?.parse().ok();
    let mut of_step: Vec<(u32, &Effect)> =
        effects.iter().filter_map(|effect| Some((number(effect)?, effect))).collect();
    of_step.sort_by_key(|(number, _)| *number);
    of_step.into_iter().map(|(_, effect)| run(step, &effect.step, Some(effect))).collect()
}

fn run(step: &Step, name: &str, effect: Option<&Effect>) -> StepRun {
    let mut run = pending(step, name.to_owned(), Value::Null);
    let Some(Effect { note, at, .. }) = effect else { return run };
    run.status = match (&note.state, step.role) {
        (StepState::Done { .. }, _) => Status::Done,
        // It is asked for again, in a later generation.
        (_, Role::Retriable) => return run,
        (StepState::Undone | StepState::Tombstone, Role::Compensable { .. }) => Status::Undone,
        (StepState::Refused { .. } | StepState::Undone | StepState::Tombstone, _) => Status::Refused,
    };
    match &note.state {
        StepState::Done { output } => run.output = Some(output.clone()),
        StepState::Refused { problem, .. } => run.problem = Some(problem.clone()),
        StepState::Undone | StepState::Tombstone => {}
    }
    (run.started_at, run.changed_at) = (Some(*at), Some(*at));
    run
}

/// What did not come about, though the saga has.
fn warnings(definition: &Definition, steps: &[StepRun]) -> Vec<Problem> {
    let is_best_effort =
        |run: &&StepRun| definition.step(&run.step).is_some_and(|step| step.role == Role::BestEffort);
    steps.iter().filter(is_best_effort).filter_map(|run| run.problem.clone()).collect()
}

/// Why a saga that was lost does not go on.
fn lost() -> Problem {
    let message = "what the saga was given is lost: its coordinator's database came from an older backup";
    Problem::invalid(&["id"], "the coordinator knows the saga", message)
}

impl Turn<'_> {
    fn choose_way(&mut self) {
        let all = 0..self.saga.steps.len();
        let of_role = |turn: &Self, is: fn(Role) -> bool| -> Vec<usize> {
            all.clone().filter(|index| is(turn.step(*index).role)).collect()
        };
        let before = of_role(self, |role| matches!(role, Role::Compensable { .. }));
        let Some(&pivot) = of_role(self, |role| role == Role::Pivot).first() else { return };
        if self.saga.steps[pivot].status == Status::Done {
            return self.go_on_past_pivot();
        }
        let is = |index: &usize, status: Status| self.saga.steps[*index].status == status;
        let is_turned = |index: &usize| is(index, Status::Undone) || is(index, Status::Refused);
        let turned = before.iter().chain([&pivot]).any(is_turned);
        let is_open = before.iter().any(|index| is(index, Status::Pending));
        let is_known = !before.iter().chain([&pivot]).any(|index| self.is_lost(*index));
        let goes_on = self.definition.asked_by.is_some() && is_known;
        if turned || (is_open && !goes_on) {
            let steps = &self.saga.steps;
            let refusal = before.iter().chain([&pivot]).find_map(|index| steps[*index].problem.clone());
            self.turn_back(Some(refusal.unwrap_or_else(lost)));
        } else if !goes_on {
            self.set(pivot, Status::Abandoning);
            self.saga.steps[pivot].problem = Some(lost());
            self.ask(pivot);
        }
    }

    /// What stands before the pivot was done, even if its service has lost that. What cannot be asked without what it came to
    /// needs somebody.
    fn go_on_past_pivot(&mut self) {
        for index in 0..self.saga.steps.len() {
            let is_before = matches!(self.step(index).role, Role::Compensable { .. });
            if is_before && self.saga.steps[index].status == Status::Pending {
                self.set(index, Status::Done);
            }
        }
        for index in 0..self.saga.steps.len() {
            if self.is_lost(index) {
                self.set(index, Status::Failed);
                self.saga.steps[index].problem = Some(lost());
                self.saga.problem.get_or_insert_with(lost);
            }
        }
    }

    /// Whether a step was not done, and it is not known any more what it needs.
    fn is_lost(&self, index: usize) -> bool {
        let run = &self.saga.steps[index];
        let mut sources = self.step(index).input.iter();
        run.status == Status::Pending
            && sources.any(|(_, source)| {
                source.is_given() || source.step().is_some_and(|of| self.came_to_nothing(of))
            })
    }

    /// Whether a step was done, and its service does not know any more what it came to.
    fn came_to_nothing(&self, step: &str) -> bool {
        let mut runs = self.saga.steps.iter().filter(|run| run.step == step);
        runs.all(|run| run.status == Status::Done && run.output.is_none())
    }
}
