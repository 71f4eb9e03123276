//! The dead letters of a service over documents.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{
    Advance, DocumentInbox, DocumentTx, Find, InboxStore, SequenceKey, Stream, Waiting,
    events::{EVENTS, ONE, SEQUENCE},
    stream::{DEAD, STREAMS},
};
use crate::{
    error::StoreError,
    inbox::{DeadLetter, DeadLetters, Letters, Most, Received},
};

/// How many letters are read at once: each may be as large as a message.
const AT_ONCE: usize = 8;

#[async_trait]
impl DeadLetters for DocumentInbox {
    async fn list(&self, most: Most) -> Result<Letters, StoreError> {
        // A page has one more than is asked for, so that it is known whether there are others.
        let found = self.documents.find(&STREAMS, &Find::first(DEAD, most.letters, Vec::new())).await?;
        let dead = found.into_iter().map(Stream::read).collect::<Result<Vec<_>, _>>()?;
        let mut given = Letters::default();
        for some in dead.chunks(AT_ONCE) {
            for letter in self.letters_of(some).await? {
                if !given.add(letter, most) {
                    return Ok(given);
                }
            }
        }
        Ok(given)
    }

    async fn replay(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        body: Option<&str>,
    ) -> Result<bool, StoreError> {
        let id = Stream::id_of(consumer, sequence);
        let streams = self.streams(std::slice::from_ref(&id)).await?;
        if streams.get(&id).is_none_or(|stream| !stream.is_letter(seq)) {
            return Ok(false);
        }
        if let Some(body) = body
            && let Some(event) = self.first_waiting(&streams).await?.remove(&id)
        {
            let mut edited = event;
            edited.body = body.to_owned();
            // Somebody may have gone on meanwhile: the next event is not what was edited.
            if edited.seq != seq || !self.documents.swap(&EVENTS, &edited.document()).await? {
                return Ok(false);
            }
        }
        let revive = |stream: &mut Stream| {
            let is_there = stream.is_letter(seq);
            if is_there {
                stream.revive();
            }
            is_there
        };
        self.change(&id, revive).await
    }

    async fn replace(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        event: &Received,
    ) -> Result<bool, StoreError> {
        let id = Stream::id_of(consumer, sequence);
        let streams = self.streams(std::slice::from_ref(&id)).await?;
        if streams.get(&id).is_none_or(|stream| !stream.is_letter(seq)) {
            return Ok(false);
        }
        self.receive(consumer, std::slice::from_ref(event)).await?;
        self.discard(consumer, sequence, seq).await.map(|_| true)
    }

    async fn discard(&self, consumer: &str, sequence: &SequenceKey, seq: i64) -> Result<bool, StoreError> {
        let id = Stream::id_of(consumer, sequence);
        if !self.streams(std::slice::from_ref(&id)).await?.contains_key(&id) {
            return Ok(false);
        }
        let mut tx = DocumentTx::default();
        self.last(&mut tx, consumer, sequence).await?;
        let is_there = tx.claims.values().any(|stream| stream.is_letter(seq));
        if is_there {
            let done = Advance { sequence: sequence.clone(), up_to: seq };
            self.advance(&mut tx, consumer, &[done]).await?;
        }
        self.commit(tx).await?;
        Ok(is_there)
    }
}

impl DocumentInbox {
    /// The letters of these sequences, in their order.
    async fn letters_of(&self, dead: &[Stream]) -> Result<Vec<DeadLetter>, StoreError> {
        let streams: BTreeMap<String, Stream> =
            dead.iter().map(|stream| (stream.id(), stream.clone())).collect();
        let mut first = self.first_waiting(&streams).await?;
        let ids: Vec<String> = streams.into_keys().collect();
        let events = self.documents.tally(&EVENTS, SEQUENCE, &ids, ONE).await?;
        let now_ms = self.documents.now_ms().await?;
        let letter = |stream: &Stream| {
            let id = stream.id();
            let event = first.remove(&id).filter(|event| event.seq == stream.last_seq + 1)?;
            let behind = events.get(&id).map_or(0, |tally| tally.count - 1);
            letter(stream, event, behind, now_ms)
        };
        Ok(dead.iter().filter_map(letter).collect())
    }
}

/// A letter, if its sequence is dead.
fn letter(stream: &Stream, event: Waiting, behind: i64, now_ms: i64) -> Option<DeadLetter> {
    let dead = stream.dead.as_ref()?;
    Some(DeadLetter {
        consumer: stream.consumer.clone(),
        sequence: stream.sequence(),
        seq: event.seq,
        event_id: event.event_id,
        body: event.body,
        reason: dead.reason.clone(),
        age_ms: now_ms - dead.since,
        attempts: stream.attempts,
        behind,
    })
}
