//! Who hears events: a listener that keeps all of it, and the coordinator, with what must hold of each answer.

use std::sync::Arc;

use async_trait::async_trait;
use lms_kit::{
    event::Envelope,
    inbox::{HandleError, Handler, SequenceKey},
    saga::Reply,
};
use lms_sagas::{
    coordinator::Coordinator,
    saga::{Saga, Status},
};

use crate::{engine::MemoryTx, weather::Weather};

/// The type of what services change.
pub(crate) const THING: &str = "Thing";

/// Keeps each event that it applies.
#[derive(Clone)]
pub(crate) struct Ear;

#[async_trait]
impl Handler<MemoryTx> for Ear {
    async fn apply(&self, tx: &mut MemoryTx, event: &Envelope) -> Result<(), HandleError> {
        tx.pause("hear").await?;
        tx.hear(SequenceKey::of(event), event.seq, event.data.state.to_string());
        Ok(())
    }
}

/// The coordinator under watch.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) coordinator: Coordinator,
    pub(crate) weather: Arc<Weather>,
}

#[async_trait]
impl Handler<MemoryTx> for Watched {
    async fn apply(&self, tx: &mut MemoryTx, event: &Envelope) -> Result<(), HandleError> {
        let reply = Reply::read(event)?;
        let before = tx.stored(&reply.saga);
        self.coordinator.apply(tx, event).await?;
        let after = tx.stored(&reply.saga);
        if let (Some(before), Some(after)) = (before, after)
            && before.version != after.version
            && let Some(reason) = passed_over(&before, &reply)
        {
            self.weather
                .accuse(format!("I3: an answer for {} of {} was taken: {reason}", reply.step, reply.saga));
        }
        Ok(())
    }
}

/// Why an answer must change nothing.
fn passed_over(saga: &Saga, reply: &Reply) -> Option<String> {
    if saga.generation != reply.generation {
        return Some(format!("it is of generation {}, the saga of {}", reply.generation, saga.generation));
    }
    let run = saga.steps.iter().find(|run| run.name == reply.step);
    // What was given up may be answered after all.
    let is_asked =
        |status| matches!(status, Status::Doing | Status::Abandoning | Status::Undoing | Status::Failed);
    match run.map(|run| run.status) {
        Some(status) if is_asked(status) => None,
        Some(status) => Some(format!("the step is {status:?}")),
        None => Some("the saga has no such step".to_owned()),
    }
}
