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

/// A service's dead letters.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// The oldest first, `limit` at most, of all consumers.
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

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
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let query = Sql::new(
            "SELECT s.consumer, s.source, s.stream, i.seq, i.event_id, i.body, s.dead, s.attempts, \
             now_ms() - s.dead_since AS age, \
             (SELECT COUNT(*) FROM inbox AS b WHERE b.consumer = s.consumer AND b.source = s.source \
               AND b.stream = s.stream AND b.seq > i.seq) AS behind \
             FROM inbox_streams AS s JOIN inbox AS i ON i.consumer = s.consumer AND i.source = s.source \
              AND i.stream = s.stream AND i.seq = s.last_seq + 1 \
             WHERE s.dead_since IS NOT NULL ORDER BY s.dead_since, s.consumer, s.source, s.stream LIMIT $1",
        );
        self.db.rows(&query.bind(i64::from(limit))).await?.iter().map(letter).collect()
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
