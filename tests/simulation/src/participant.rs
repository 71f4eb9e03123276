//! What services do as steps of sagas: they keep how often they did it, and say so.

use async_trait::async_trait;
use lms_kit::{
    Problem,
    event::Event,
    saga::{Act, ActError, Participant, StepTx},
};
use serde_json::{Value, json};

use crate::{
    chance::percent_of,
    definitions::refusals,
    engine::{Effect, MemoryTx},
    listener::THING,
};

/// How often an undo is refused: one in so many.
const UNDO_REFUSALS: u64 = 15;

/// A service's part in the sagas of a run.
pub(crate) struct Worker {
    pub(crate) service: &'static str,
    pub(crate) seed: u64,
}

impl Worker {
    /// Whether the domain refuses this for ever.
    pub(crate) fn refuses(seed: u64, effect: &Effect) -> bool {
        let text = format!("{}/{}/{}", effect.saga, effect.operation, effect.item);
        percent_of(seed, &text) < refusals(&effect.operation)
    }

    /// Changes one of a few things that sagas have in common, and says so.
    async fn change(&self, tx: &mut MemoryTx, effect: &Effect, act: &Act<'_>) -> Result<(), ActError> {
        let thing = format!("{}-{}", effect.operation, effect.item.len() % 3);
        let changes = tx.change(&thing);
        let event = Event {
            service: self.service,
            aggregate_type: THING,
            aggregate_id: thing,
            kind: "ThingChanged",
            data: json!({ "changes": changes }),
            deleted: false,
            touches: Vec::new(),
        };
        Ok(tx.say(&event, None, act.command).await?)
    }
}

#[async_trait]
impl Participant<MemoryTx> for Worker {
    async fn act(&self, tx: &mut MemoryTx, act: Act<'_>) -> Result<Value, ActError> {
        tx.pause("act").await?;
        let effect = effect(act.saga(), act.operation, act.input);
        tx.count(effect.clone(), 1);
        self.change(tx, &effect, &act).await?;
        // Only now, so that what was written is to be taken back.
        if Self::refuses(self.seed, &effect) {
            let message = format!("{} refuses {}", self.service, effect.operation);
            return Err(Problem::invalid(&[], "as the domain likes", message).into());
        }
        Ok(json!({
            "id": effect.item,
            "authorNumber": effect.item,
            "isbn": effect.item,
            "operation": effect.operation,
        }))
    }

    async fn undo(&self, tx: &mut MemoryTx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        tx.pause("undo").await?;
        let text = |name: &str| output[name].as_str().unwrap_or_default().to_owned();
        let effect = Effect { saga: act.saga().to_owned(), operation: text("operation"), item: text("id") };
        tx.count(effect.clone(), -1);
        self.change(tx, &effect, &act).await?;
        if tx.draws_one_in(UNDO_REFUSALS) {
            return Err(Problem::invalid(&[], "as the domain likes", "the undo is refused").into());
        }
        Ok(())
    }
}

/// What an operation does: each kind of saga names its item in its own way.
pub(crate) fn effect(saga: &str, operation: &str, input: &Value) -> Effect {
    let names = ["item", "name", "authorNumber", "isbn", "id"];
    let item = names.iter().find_map(|name| input[name].as_str()).unwrap_or_default();
    Effect { saga: saga.to_owned(), operation: operation.to_owned(), item: item.to_owned() }
}
