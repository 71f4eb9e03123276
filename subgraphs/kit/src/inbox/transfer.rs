//! Taking over the state of owners: of those that a consumer has only begun to hear, and of single aggregates of which
//! an event has not come.
//!
//! A state that cannot be applied goes the way of every event that cannot: it is put into the inbox as the next one of
//! its sequence, becomes a dead letter there, and holds up nothing else.

use std::collections::BTreeSet;

use super::{Advance, Gap, HandleError, Inbox, InboxStore, Received, SequenceKey, SourceState};
use crate::{changes::Page, error::StoreError, event::Envelope, sources::ms};

impl<S: InboxStore> Inbox<S> {
    /// Loads the state of a source whose events this consumer has only begun to hear. It must have subscribed
    /// before. A load that is cut short goes on where it was.
    pub async fn load(&self, source: &str) -> Result<(), LoadError> {
        let mut state = self.store.source(self.consumer, source).await?;
        while !state.loaded {
            let page = self.owners.changes(source, state.cursor.as_deref(), self.options.page).await?;
            let Page { changes, next } = page;
            state = SourceState { loaded: next.is_none(), cursor: next.or(state.cursor) };
            match self.take_over(&changes, Some((source, &state))).await {
                Err(LoadError::Unfit(_)) => {
                    for change in &changes {
                        self.take_over_one(source, change).await?;
                    }
                    self.take_over(&[], Some((source, &state))).await?;
                }
                taken => taken?,
            }
        }
        Ok(())
    }

    /// Notes that the state of a source is to be loaded once more, from its beginning: something of what it said may be lost. What was
    /// applied stays.
    pub async fn unload(&self, source: &str) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        self.store.note_source(&mut tx, self.consumer, source, &SourceState::default()).await?;
        self.store.commit(tx).await
    }

    /// Asks owners for the state of what has waited too long; how many sequences that mended. An owner that does not
    /// answer is asked again the next time, and holds up none of the others.
    pub async fn fill_gaps(&self) -> Result<usize, StoreError> {
        let gaps = self.store.gaps(self.consumer, ms(self.options.gap), self.options.page).await?;
        let (mut mended, mut away) = (0, BTreeSet::new());
        for Gap { sequence: SequenceKey { source, stream }, last_seq } in &gaps {
            if away.contains(source) {
                continue;
            }
            let consumer = self.consumer;
            match self.fill(source, stream).await {
                Ok(false) => {}
                Ok(true) => {
                    tracing::info!(consumer, source, stream, after = last_seq, "a gap was mended");
                    mended += 1;
                }
                Err(error) => {
                    tracing::warn!(consumer, source, stream, %error, "a gap waits for its owner");
                    away.insert(source);
                }
            }
        }
        Ok(mended)
    }

    async fn fill(&self, source: &str, stream: &str) -> Result<bool, LoadError> {
        let Some(change) = self.owners.change_of(source, stream).await? else { return Ok(false) };
        self.take_over_one(source, &change).await
    }

    /// Applies a state, or sets it aside; whether it was applied.
    async fn take_over_one(&self, source: &str, change: &String) -> Result<bool, LoadError> {
        match self.take_over(std::slice::from_ref(change), None).await {
            Err(LoadError::Unfit(_)) => {
                // Its dead letter will say why; a reason may quote what is personal.
                tracing::warn!(consumer = self.consumer, source, "a state cannot be applied");
                self.set_aside(source, change).await?;
                Ok(false)
            }
            taken => taken.map(|()| true),
        }
    }

    /// Applies the last event of each of these aggregates, where it is newer than what was applied, and notes how
    /// far their source has been loaded, in one transaction.
    async fn take_over(
        &self,
        changes: &[String],
        loaded: Option<(&str, &SourceState)>,
    ) -> Result<(), LoadError> {
        let mut tx = self.store.begin().await?;
        if let Err(error) = self.apply_loaded(&mut tx, changes, loaded).await {
            self.store.roll_back(tx).await?;
            return Err(error);
        }
        Ok(self.store.commit(tx).await?)
    }

    async fn apply_loaded(
        &self,
        tx: &mut S::Tx,
        changes: &[String],
        loaded: Option<(&str, &SourceState)>,
    ) -> Result<(), LoadError> {
        let mut done = Vec::with_capacity(changes.len());
        for body in changes {
            let event = Envelope::parse(body.as_bytes()).map_err(|error| LoadError::Unfit(error.into()))?;
            let sequence = SequenceKey::of(&event);
            if self.store.last(tx, self.consumer, &sequence).await? >= event.seq {
                continue;
            }
            self.handler.apply(tx, &event).await.map_err(LoadError::of)?;
            done.push(Advance { sequence, up_to: event.seq });
        }
        self.store.advance(tx, self.consumer, &done).await?;
        if let Some((source, state)) = loaded {
            self.store.note_source(tx, self.consumer, source, state).await?;
        }
        Ok(())
    }

    /// Puts a state into the inbox as the next event of its sequence.
    async fn set_aside(&self, source: &str, change: &str) -> Result<(), StoreError> {
        let received = match Envelope::as_written(change.as_bytes()) {
            Ok(event) => {
                let mut tx = self.store.begin().await?;
                let before = Advance { sequence: SequenceKey::of(&event), up_to: event.seq - 1 };
                if self.store.last(&mut tx, self.consumer, &before.sequence).await? < before.up_to {
                    self.store.advance(&mut tx, self.consumer, &[before]).await?;
                }
                self.store.commit(tx).await?;
                Received::in_sequence(&event, change.to_owned())
            }
            Err(_) => Received::unreadable(source, change.as_bytes()),
        };
        self.receive(&[received]).await
    }
}

/// A source's state was not loaded, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The owner did not answer, or not with its state.
    #[error("the owner's state cannot be had: {0}")]
    Owner(#[source] crate::error::Cause),
    /// The state cannot be applied as it is.
    #[error("the owner's state cannot be applied: {0}")]
    Unfit(#[source] HandleError),
}

impl LoadError {
    fn of(error: HandleError) -> Self {
        match error {
            HandleError::Store(error) if error.is_passing() => Self::Store(error),
            error => Self::Unfit(error),
        }
    }
}
