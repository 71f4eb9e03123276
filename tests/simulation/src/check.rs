//! What must hold when everything has come to rest, read from all stores: the invariants I1 to I6 and I8.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lms_kit::{inbox::SequenceKey, saga::StepState};
use lms_sagas::{
    definition::{self, Role, Step, gather},
    saga::{Phase, Saga, Status, StepRun},
};
use serde_json::Value;

use crate::{
    definitions::DEFINITIONS,
    engine::{Effect, State, backlog},
    listener::THING,
    participant::{Worker, effect},
    world::{LISTENERS, World},
};

/// Every rule that is broken; `None` while somebody still writes.
pub(crate) fn broken(world: &World) -> Option<Vec<String>> {
    let mut broken = Vec::new();
    let sagas = world.node("sagas").database.read(|state| state.sagas.clone())?;
    for node in &world.nodes {
        node.database.read(|state| {
            outbox(node.name, state, &mut broken);
            inbox(node.name, state, &mut broken);
        })?;
    }
    let mut effects = BTreeMap::new();
    for node in &world.nodes {
        let service = node.name;
        let of_service = node.database.read(|state| (state.effects.clone(), state.steps.clone()))?;
        effects.insert(service, of_service);
    }
    for saga in sagas.values() {
        ends(world, saga, &effects, &mut broken);
    }
    for (service, (kept, _)) in &effects {
        strays(service, kept, &sagas, &mut broken);
    }
    for listener in LISTENERS {
        hears(world, listener, &mut broken)?;
    }
    Some(broken)
}

/// I1: the events of an aggregate are as many as its changes. I8: all of them have left.
fn outbox(service: &str, state: &State, broken: &mut Vec<String>) {
    let waiting = backlog(state, 0);
    if waiting.events != 0 || waiting.stuck != 0 {
        broken.push(format!("I8: the outbox of {service} has {waiting:?}"));
    }
    let mut ids = BTreeSet::new();
    for (aggregate, head) in &state.heads {
        let events = (1..=head.last_seq).filter_map(|seq| state.outbox.get(&(aggregate.clone(), seq)));
        let events: Vec<_> = events.collect();
        let are_whole = i64::try_from(events.len()) == Ok(head.last_seq);
        if !are_whole || !events.iter().all(|event| ids.insert(event.row.event_id.clone())) {
            broken.push(format!("I1: {service} has not one event for each number of {aggregate:?}"));
        }
        let changes = match aggregate.aggregate_type.as_str() {
            THING => state.things.get(&aggregate.id).copied(),
            "Saga" => state.sagas.get(&aggregate.id).map(|saga| saga.version),
            _ => continue,
        };
        if changes != Some(head.last_seq) {
            broken.push(format!(
                "I1: {service} {aggregate:?} changed {changes:?} times, with {} events",
                head.last_seq
            ));
        }
    }
}

/// I8: nothing waits in an inbox, and nothing is dead.
fn inbox(service: &str, state: &State, broken: &mut Vec<String>) {
    if let Some(((_, sequence, seq), _)) = state.inbox.iter().next() {
        broken.push(format!(
            "I8: the inbox of {service} holds {} events, such as {seq} of {sequence:?}",
            state.inbox.len()
        ));
    }
    for ((_, sequence), stream) in state.streams.iter().filter(|(_, stream)| stream.dead.is_some()) {
        broken.push(format!("I8: {sequence:?} is dead in {service}: {:?}", stream.dead));
    }
}

type Kept = BTreeMap<&'static str, (BTreeMap<Effect, i64>, BTreeMap<(String, String), StepState>)>;

/// I3, I5 and I6: a saga has ended, and each of its steps has had as much effect as that says.
fn ends(world: &World, saga: &Saga, kept: &Kept, broken: &mut Vec<String>) {
    let found = definition::find(&DEFINITIONS, &saga.kind, saga.definition);
    let definition = found.expect("sagas are begun by these definitions");
    let steps: Vec<&Step> = definition.steps().collect();
    let mut warnings = 0;
    for run in &saga.steps {
        let step = steps.iter().find(|step| step.name == run.step).expect("a step of the definition");
        let effect = effect(&saga.id, step.operation, &gather(step.input, saga, &run.item));
        let (effects, states) = &kept[step.service];
        let count = effects.get(&effect).copied().unwrap_or_default();
        let state = states.get(&(saga.id.clone(), run.name.clone()));
        let is_kept = i64::from(matches!(state, Some(StepState::Done { .. })));
        let name = format!("{} of {} ({:?})", run.name, saga.id, saga.phase);
        if count != is_kept {
            broken.push(format!("I3: {name} was done {count} times, and its service has {state:?}"));
        }
        if expected(saga, step, run).is_some_and(|expected| expected != count) {
            broken.push(format!("I6: {name} is {:?}, and was done {count} times", run.status));
        }
        if is_kept == 1 && Worker::refuses(world.common.seed, &effect) {
            broken.push(format!("I10: {name} was done, and the domain refuses it"));
        }
        warnings += usize::from(
            step.role == Role::BestEffort && matches!(run.status, Status::Refused | Status::Failed),
        );
    }
    if saga.warnings.len() != warnings {
        broken.push(format!("I3: {} has {} warnings for {warnings} steps", saga.id, saga.warnings.len()));
    }
    if !saga.phase.is_settled() {
        broken.push(format!("I5: {} has not ended: {:?}", saga.id, saga.phase));
    }
    if saga.due_at().is_some() && saga.phase.is_settled() {
        broken.push(format!("I5: {} has ended, and something is due of it", saga.id));
    }
}

/// How much effect a step must have had, if that is certain.
fn expected(saga: &Saga, step: &Step, run: &StepRun) -> Option<i64> {
    if saga.phase == Phase::Compensated && run.status != Status::Undone {
        return Some(0);
    }
    match run.status {
        // Somebody has said of a stuck saga that what should have been done has been, by hand.
        Status::Done if run.output.is_none() => None,
        Status::Done if saga.phase == Phase::Stuck && matches!(step.role, Role::Compensable { .. }) => None,
        Status::Done => Some(1),
        Status::Refused | Status::Pending => Some(0),
        Status::Undone if run.problem.is_none() => Some(0),
        _ => None,
    }
}

/// I6: no effect is left of a saga that is unknown or was compensated, unless an undo was refused.
fn strays(
    service: &str,
    kept: &BTreeMap<Effect, i64>,
    sagas: &BTreeMap<String, Arc<Saga>>,
    broken: &mut Vec<String>,
) {
    for (effect, count) in kept.iter().filter(|(_, count)| **count != 0) {
        let saga = sagas.get(&effect.saga);
        if saga.is_none() || !(0..=1).contains(count) {
            broken.push(format!("I3: {service} has {effect:?} {count} times"));
        }
        let by_hand =
            |saga: &Saga| saga.steps.iter().any(|run| run.status == Status::Undone && run.problem.is_some());
        if saga.is_some_and(|saga| saga.phase == Phase::Compensated && !by_hand(saga)) {
            broken.push(format!("I6: {effect:?} is visible in {service}, and its saga was compensated"));
        }
    }
}

/// I2 and I4: a listener has applied every event of every owner once and in order, or a state in their place.
fn hears(world: &World, listener: &str, broken: &mut Vec<String>) -> Option<()> {
    world.node(listener).database.read(|listening| {
        for owner in world.nodes.iter().filter(|owner| owner.name != listener) {
            owner.database.read(|state| hears_all_of(owner.name, state, (listener, listening), broken))?;
        }
        Some(())
    })?
}

fn hears_all_of(owner: &str, state: &State, (listener, listening): (&str, &State), broken: &mut Vec<String>) {
    for (aggregate, head) in &state.heads {
        let last = &state.outbox[&(aggregate.clone(), head.last_seq)].row;
        if last.topic.is_some() {
            continue;
        }
        let stream = format!("{}/{}", aggregate.aggregate_type, aggregate.id);
        let sequence = SequenceKey { source: owner.to_owned(), stream };
        let heard = listening.heard.get(&sequence);
        let mut applied = 0;
        for seq in heard.into_iter().flat_map(|heard| &heard.seqs) {
            let is_next = *seq == applied + 1;
            if !is_next && !listening.transfers.contains(&(sequence.clone(), applied, *seq)) {
                broken.push(format!("I4: {listener} applied {seq} of {sequence:?} after {applied}"));
            }
            applied = *seq;
        }
        let body: Value = serde_json::from_str(&last.body).unwrap_or_default();
        let state = body["data"]["state"].to_string();
        if applied != head.last_seq || heard.is_none_or(|heard| heard.state != state) {
            broken.push(format!("I2: {listener} has {sequence:?} at {applied} of {}", head.last_seq));
        }
    }
}
