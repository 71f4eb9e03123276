//! Beginning a saga.

use serde_json::Value;

use super::{Ask, Turn};
use crate::{
    definition::{Definition, Step},
    saga::{Phase, Saga, Status, StepRun},
};

/// What a saga is begun with.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Its identifier.
    pub id: String,
    /// Who begins it.
    pub caller: String,
    /// The trace in which it begins.
    pub traceparent: Option<String>,
    /// What it is given.
    pub input: Value,
}

/// A new saga of a definition, and what is asked first.
#[must_use]
pub fn start(definition: &Definition, beginning: Beginning, now_ms: i64) -> (Saga, Vec<Ask>) {
    let Beginning { id, caller, traceparent, input } = beginning;
    let steps = definition.steps().flat_map(|step| runs(step, &input)).collect();
    let mut saga = Saga {
        id,
        kind: definition.kind.to_owned(),
        definition: definition.version,
        caller,
        traceparent,
        input,
        phase: Phase::Running,
        generation: 1,
        version: 0,
        steps,
        problem: None,
        warnings: Vec::new(),
        taken_up: false,
        created_at: now_ms,
        updated_at: now_ms,
    };
    let asks = Turn::new(definition, &mut saga, now_ms).finish();
    (saga, asks)
}

/// The instances of a step.
fn runs(step: &Step, input: &Value) -> Vec<StepRun> {
    let Some(list) = step.each else { return vec![pending(step, step.name.to_owned(), Value::Null)] };
    let items = input.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let instance = |(number, item)| pending(step, format!("{}#{number}", step.name), item);
    items.into_iter().enumerate().map(instance).collect()
}

/// A step, or one instance of it, that was not asked for yet.
pub(super) fn pending(step: &Step, name: String, item: Value) -> StepRun {
    StepRun {
        name,
        step: step.name.to_owned(),
        item,
        status: Status::Pending,
        attempts: 0,
        due_at: None,
        output: None,
        problem: None,
        by_hand: false,
        started_at: None,
        changed_at: None,
    }
}
