//! The dead letters of a service over an engine of its own.

use async_trait::async_trait;

use super::{
    RecordInbox, Records,
    desk::{Desk, Kept, Name, put, read},
};
use crate::{
    error::StoreError,
    inbox::{Advance, DeadLetter, DeadLetters, InboxStore, Letters, Most, Received, SequenceKey},
    sources::now_ms,
};

/// How many letters are read at once: each may be as large as a message.
const AT_ONCE: usize = 8;

#[async_trait]
impl<R: Records> DeadLetters for RecordInbox<R> {
    async fn list(&self, most: Most) -> Result<Letters, StoreError> {
        let (tx, now_ms) = (self.begin().await?, now_ms());
        let mut given = Letters::default();
        // One more than is given out, so that it is known whether there are others.
        for some in oldest(&tx.desk, most.letters.saturating_add(1)).chunks(AT_ONCE) {
            let keys: Vec<String> = some.iter().map(Found::key).collect();
            let events = self.records.get(&keys).await?;
            for found in some {
                let Some(text) = events.get(&found.key()) else { continue };
                if !given.add(found.letter(read(text)?, now_ms), most) {
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
        let (mut tx, name) = (self.begin().await?, Name::of(consumer, sequence));
        let sequence = tx.sequence(&self.records, &name).await?;
        if !sequence.is_letter(seq) {
            return Ok(false);
        }
        (sequence.dead, sequence.attempts, sequence.next_try_at) = (None, 0, 0);
        tx.keep(&self.records, &name).await?;
        if let Some(body) = body {
            let key = name.event_key(seq);
            let found = self.records.get(std::slice::from_ref(&key)).await?;
            let Some(text) = found.get(&key) else { return Ok(false) };
            tx.write(put(key, &Kept { body: body.to_owned(), ..read(text)? }));
        }
        self.commit(tx).await.map(|()| true)
    }

    async fn replace(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        event: &Received,
    ) -> Result<bool, StoreError> {
        let name = Name::of(consumer, sequence);
        if !self.begin().await?.sequence(&self.records, &name).await?.is_letter(seq) {
            return Ok(false);
        }
        self.receive(consumer, std::slice::from_ref(event)).await?;
        self.discard(consumer, sequence, seq).await.map(|_| true)
    }

    async fn discard(&self, consumer: &str, sequence: &SequenceKey, seq: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        if !tx.sequence(&self.records, &Name::of(consumer, sequence)).await?.is_letter(seq) {
            return Ok(false);
        }
        self.advance(&mut tx, consumer, &[Advance { sequence: sequence.clone(), up_to: seq }]).await?;
        self.commit(tx).await.map(|()| true)
    }
}

/// A sequence whose next event is dead.
struct Found<'d> {
    since: i64,
    name: &'d Name,
    reason: &'d str,
    seq: i64,
    attempts: i64,
    behind: i64,
}

impl Found<'_> {
    fn key(&self) -> String {
        self.name.event_key(self.seq)
    }

    fn letter(&self, event: Kept, now_ms: i64) -> DeadLetter {
        let Name { consumer, sequence } = self.name.clone();
        let Kept { event_id, body, .. } = event;
        let (age_ms, reason) = (now_ms - self.since, self.reason.to_owned());
        let Self { seq, attempts, behind, .. } = *self;
        DeadLetter { consumer, sequence, seq, event_id, body, reason, age_ms, attempts, behind }
    }
}

/// The letters that have been dead for longest.
fn oldest(desk: &Desk, limit: u32) -> Vec<Found<'_>> {
    let dead = desk.open.iter().filter_map(|(name, sequence)| {
        let letter = sequence.dead.as_ref()?;
        let behind = i64::try_from(sequence.waiting.len()).unwrap_or(i64::MAX) - 1;
        let (seq, attempts) = (sequence.last_seq + 1, sequence.attempts);
        Some(Found { since: letter.since, name, reason: &letter.reason, seq, attempts, behind })
    });
    let mut dead: Vec<_> = dead.collect();
    dead.sort_by_key(|found| (found.since, found.name));
    dead.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    dead
}
