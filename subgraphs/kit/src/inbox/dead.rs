//! Dead letters: events that could not be applied, and what somebody may do about each.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    Advance, InboxStore, Received, SequenceKey, SqlInbox,
    sql::{keyed, sequence},
};
use crate::{
    error::StoreError,
    sql::{Row, Sql, Tx},
};

/// An event that could not be applied. It holds up the rest of its sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Who could not apply it.
    pub consumer: String,
    /// Its sequence.
    pub sequence: SequenceKey,
    /// Its number there.
    pub seq: i64,
    /// Its identifier.
    pub event_id: String,
    /// What has come.
    pub body: String,
    /// Why it could not be applied.
    pub reason: String,
    /// How long it has been dead, in ms of the engine's clock.
    pub age_ms: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// How many later events of its sequence wait for it.
    pub behind: i64,
}

/// How much of a service's dead letters is read and given out at once; the others come when these are mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// How many.
    pub letters: u32,
    /// What their bodies may have together, in bytes; one letter is given out whatever it has.
    pub bytes: u32,
}

impl Default for Most {
    fn default() -> Self {
        Self { letters: 500, bytes: 8 * 1024 * 1024 }
    }
}

/// Some of a service's dead letters, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// Those that are given out.
    pub letters: Vec<DeadLetter>,
    /// Whether there are others.
    pub more: bool,
}

impl Letters {
    /// Adds a letter where there is room for it, else notes that there are more; whether it was added.
    pub(crate) fn add(&mut self, letter: DeadLetter, most: Most) -> bool {
        let bytes: usize = self.letters.iter().chain([&letter]).map(|letter| letter.body.len()).sum();
        let is_full = self.letters.len() >= most.letters as usize || bytes > most.bytes as usize;
        self.more = is_full && !self.letters.is_empty();
        if !self.more {
            self.letters.push(letter);
        }
        !self.more
    }
}

/// A service's dead letters.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// The oldest first, of all consumers. What is not given out is not read either.
    async fn list(&self, most: Most) -> Result<Letters, StoreError>;

    /// Lets the letter `seq` of a sequence be tried again, with this body if one is given; whether it was there.
    async fn replay(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        body: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Goes on without the letter `seq` of a sequence, which could not be read, and stores the event that it was; whether
    /// it was there. The event is stored first: after a crash in between, this can be done once more.
    async fn replace(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        event: &Received,
    ) -> Result<bool, StoreError>;

    /// Goes on without the letter `seq` of a sequence, as if it had been applied; whether it was there.
    async fn discard(&self, consumer: &str, sequence: &SequenceKey, seq: i64) -> Result<bool, StoreError>;
}

#[async_trait]
impl DeadLetters for SqlInbox {
    async fn list(&self, most: Most) -> Result<Letters, StoreError> {
        let query = Sql::new(
            "SELECT d.consumer, d.source, d.stream, d.seq, i.event_id, i.body, d.dead, d.attempts, \
             now_ms() - d.dead_since AS age, d.of_all, \
             (SELECT COUNT(*) FROM inbox AS b WHERE b.consumer = d.consumer AND b.source = d.source \
               AND b.stream = d.stream AND b.seq > d.seq) AS behind \
             FROM (SELECT s.consumer, s.source, s.stream, i.seq, s.dead, s.dead_since, s.attempts, \
               COUNT(*) OVER () AS of_all, \
               ROW_NUMBER() OVER (ORDER BY s.dead_since, s.consumer, s.source, s.stream) AS place, \
               SUM(octet_length(i.body)) OVER (ORDER BY s.dead_since, s.consumer, s.source, s.stream) AS bytes \
              FROM inbox_streams AS s JOIN inbox AS i ON i.consumer = s.consumer AND i.source = s.source \
               AND i.stream = s.stream AND i.seq = s.last_seq + 1 WHERE s.dead_since IS NOT NULL) AS d \
             JOIN inbox AS i ON i.consumer = d.consumer AND i.source = d.source AND i.stream = d.stream \
              AND i.seq = d.seq \
             WHERE d.place = 1 OR (d.place <= $1 AND d.bytes <= $2) ORDER BY d.place",
        );
        let query = query.bind(i64::from(most.letters)).bind(i64::from(most.bytes));
        let rows = self.db.rows(&query).await?;
        let letters = rows.iter().map(letter).collect::<Result<Vec<_>, _>>()?;
        let of_all = rows.first().map_or(Ok(0), |row| row.int("of_all"))?;
        Ok(Letters { more: i64::try_from(letters.len()).is_ok_and(|given| given < of_all), letters })
    }

    async fn replay(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        body: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let revive = Sql::new(
            "UPDATE inbox_streams SET dead = NULL, dead_since = NULL, attempts = 0, next_try_at = 0 \
             WHERE consumer = $1 AND source = $2 AND stream = $3 AND last_seq = $4 - 1 AND dead_since IS NOT NULL",
        );
        if tx.run(&keyed(revive, consumer, sequence).bind(seq)).await? == 0 {
            return Ok(false);
        }
        if let Some(body) = body {
            let edit = Sql::new(
                "UPDATE inbox SET body = $5 WHERE consumer = $1 AND source = $2 AND stream = $3 AND seq = $4",
            );
            tx.run(&keyed(edit, consumer, sequence).bind(seq).bind(body)).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn replace(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        event: &Received,
    ) -> Result<bool, StoreError> {
        let query = Sql::new(
            "SELECT last_seq FROM inbox_streams WHERE consumer = $1 AND source = $2 AND stream = $3 \
             AND last_seq = $4 - 1 AND dead_since IS NOT NULL",
        );
        if self.db.row(&keyed(query, consumer, sequence).bind(seq)).await?.is_none() {
            return Ok(false);
        }
        self.receive(consumer, std::slice::from_ref(event)).await?;
        self.discard(consumer, sequence, seq).await.map(|_| true)
    }

    async fn discard(&self, consumer: &str, sequence: &SequenceKey, seq: i64) -> Result<bool, StoreError> {
        let mut tx: Tx = self.begin().await?;
        let find = Sql::new(
            "SELECT last_seq FROM inbox_streams WHERE consumer = $1 AND source = $2 AND stream = $3 \
             AND last_seq = $4 - 1 AND dead_since IS NOT NULL FOR UPDATE",
        );
        if tx.row(&keyed(find, consumer, sequence).bind(seq)).await?.is_none() {
            return Ok(false);
        }
        let done = Advance { sequence: sequence.clone(), up_to: seq };
        self.advance(&mut tx, consumer, &[done]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        consumer: row.text("consumer")?,
        sequence: sequence(row)?,
        seq: row.int("seq")?,
        event_id: row.text("event_id")?,
        body: row.text("body")?,
        reason: row.text("dead")?,
        age_ms: row.int("age")?,
        attempts: row.int("attempts")?,
        behind: row.int("behind")?,
    })
}
