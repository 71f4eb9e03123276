//! One change of an SQL service: its rows, its events and its result in one transaction.
//!
//! 1. [`Change::begin`] claims the idempotency key; what was done before is answered from there.
//! 2. The store changes its rows through [`Change::tx`] and says what happened through [`Change::event`].
//! 3. [`Change::commit`] writes the last event with the result, and commits. A change that is dropped has not happened, and a
//!    refusal is not stored: nothing changed, so asking again does no harm.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::StoreError,
    event::Event,
    fault::{self, Place},
    idempotency::{self, Command},
    outbox,
    problem::Refusal,
    sql::{Db, Tx},
};

/// An open change.
pub struct Change<'c> {
    tx: Tx,
    command: &'c Command,
    /// What happened last: it is written with the result.
    said: Option<Box<Event>>,
}

/// What beginning a change came to.
pub enum Begun<'c, T> {
    /// It was done before, with this result.
    Before(T),
    /// It is new.
    Fresh(Change<'c>),
}

impl<'c> Change<'c> {
    /// Begins the change that a command asks for.
    pub async fn begin<T: DeserializeOwned>(db: &Db, command: &'c Command) -> Result<Begun<'c, T>, Refusal> {
        let mut tx = db.begin().await?;
        Ok(match idempotency::claim(&mut tx, command).await? {
            Some(result) => Begun::Before(result),
            None => Begun::Fresh(Self { tx, command, said: None }),
        })
    }

    /// The transaction, for the change's own rows.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// Says what happened: it is in the outbox when the change is committed.
    pub async fn event(&mut self, event: &Event) -> Result<(), StoreError> {
        let Some(before) = self.said.replace(Box::new(event.clone())) else { return Ok(()) };
        outbox::write(&mut self.tx, &before, None, self.command).await
    }

    /// Makes it so, and keeps the result for whoever asks the same again.
    pub async fn commit<T: Serialize>(mut self, result: T) -> Result<T, Refusal> {
        let stored = serde_json::to_string(&result).map_err(|cause| StoreError::corrupt("result", cause))?;
        match &self.said {
            Some(event) => outbox::write_with_result(&mut self.tx, event, self.command, stored).await?,
            None => idempotency::settle(&mut self.tx, self.command, stored).await?,
        }
        fault::at(Place::ChangeBeforeCommit).await;
        self.tx.commit().await?;
        fault::at(Place::ChangeAfterCommit).await;
        Ok(result)
    }
}
