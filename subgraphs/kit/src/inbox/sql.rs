//! The inbox in tables: `inbox_streams` is a row a sequence, `inbox` a row an event that is not applied yet.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Advance, Gap, InboxBacklog, InboxStore, KEPT_MS, MARKERS, Ready, ReadyLimits, Received, SequenceKey,
    SourceState, Standing,
};
use crate::{
    bus::MessageKind,
    error::StoreError,
    sql::{Db, Row, Sql, Tx},
    watch::Waiting,
};

/// The inbox of an SQL service.
#[derive(Clone)]
pub struct SqlInbox {
    pub(super) db: Db,
}

impl SqlInbox {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

// Each record names its consumer: with the consumer as a parameter of its own, SQLite walks all that the consumer has
// and looks through the records for each.

const ADD_STREAMS: &str = "INSERT INTO inbox_streams (consumer, source, stream) \
    SELECT DISTINCT r.consumer, r.source, r.stream \
    FROM jsonb_to_recordset($1::jsonb) AS r(consumer text, source text, stream text) \
    WHERE true ORDER BY 2, 3 ON CONFLICT (consumer, source, stream) DO NOTHING";

/// In one order, so that two receivers never wait for one another.
const LOCK_STREAMS: &str = "SELECT s.source, s.stream, s.last_seq, \
     CAST(CASE WHEN s.ready_since IS NULL AND s.parked_since IS NULL THEN 0 ELSE 1 END AS BIGINT) AS holds \
    FROM inbox_streams AS s \
    WHERE (s.consumer, s.source, s.stream) IN (SELECT r.consumer, r.source, r.stream \
     FROM jsonb_to_recordset($1::jsonb) AS r(consumer text, source text, stream text)) \
    ORDER BY s.source, s.stream FOR UPDATE";

const REACHED: &str = "SELECT s.source, s.stream, s.last_seq FROM inbox_streams AS s \
    WHERE (s.consumer, s.source, s.stream) IN (SELECT r.consumer, r.source, r.stream \
     FROM jsonb_to_recordset($1::jsonb) AS r(consumer text, source text, stream text))";

const ADD_EVENTS: &str = "INSERT INTO inbox (consumer, source, stream, seq, event_id, body, received_at) \
    SELECT r.consumer, r.source, r.stream, r.seq, r.event_id, r.body, now_ms() \
    FROM jsonb_to_recordset($1::jsonb) \
     AS r(consumer text, source text, stream text, seq bigint, event_id text, body text) \
    WHERE true ON CONFLICT (consumer, source, stream, seq) DO NOTHING";

/// Since when what is next after a number has come, or later events wait for it.
macro_rules! waiting_after {
    ($last_seq:literal) => {
        concat!(
            "ready_since = (SELECT i.received_at FROM inbox AS i WHERE i.consumer = s.consumer \
              AND i.source = s.source AND i.stream = s.stream AND i.seq = ",
            $last_seq,
            " + 1), parked_since = CASE WHEN NOT EXISTS (SELECT 1 FROM inbox AS i WHERE i.consumer = s.consumer \
              AND i.source = s.source AND i.stream = s.stream AND i.seq = ",
            $last_seq,
            " + 1) THEN (SELECT MIN(i.received_at) FROM inbox AS i WHERE i.consumer = s.consumer \
              AND i.source = s.source AND i.stream = s.stream) END "
        )
    };
}

const NOTE_WAITING: &str = concat!(
    "UPDATE inbox_streams AS s SET ",
    waiting_after!("s.last_seq"),
    "FROM jsonb_to_recordset($1::jsonb) AS r(consumer text, source text, stream text) \
     WHERE s.consumer = r.consumer AND s.source = r.source AND s.stream = r.stream"
);

const READY: &str = "SELECT source, stream, last_seq, attempts FROM inbox_streams \
    WHERE consumer = $1 AND ready_since IS NOT NULL AND dead IS NULL AND next_try_at <= now_ms() \
    ORDER BY ready_since, source, stream LIMIT $2 FOR UPDATE SKIP LOCKED";

const READY_EVENTS: &str = "SELECT i.source, i.stream, i.seq, i.body \
    FROM jsonb_to_recordset($1::jsonb) AS r(consumer text, source text, stream text, last_seq bigint) \
    JOIN inbox AS i ON i.consumer = r.consumer AND i.source = r.source AND i.stream = r.stream \
     AND i.seq > r.last_seq AND i.seq <= r.last_seq + $2 ORDER BY i.source, i.stream, i.seq";

const FORGET: &str = "DELETE FROM inbox WHERE (consumer, source, stream, seq) IN \
    (SELECT i.consumer, i.source, i.stream, i.seq \
     FROM jsonb_to_recordset($1::jsonb) AS d(consumer text, source text, stream text, up_to bigint) \
     JOIN inbox AS i ON i.consumer = d.consumer AND i.source = d.source AND i.stream = d.stream \
      AND i.seq <= d.up_to)";

const ADVANCE: &str = concat!(
    "UPDATE inbox_streams AS s SET last_seq = d.up_to, attempts = 0, next_try_at = 0, \
      dead = NULL, dead_since = NULL, applied_at = now_ms(), ",
    waiting_after!("d.up_to"),
    "FROM jsonb_to_recordset($1::jsonb) AS d(consumer text, source text, stream text, up_to bigint) \
     WHERE s.consumer = d.consumer AND s.source = d.source AND s.stream = d.stream"
);

/// What waits of each source, events for themselves and messages to this service for themselves.
const WAITING_EVENTS: &str = "SELECT source, CASE WHEN stream LIKE 'Command/%' THEN 'Command/' \
     WHEN stream LIKE 'Reply/%' THEN 'Reply/' ELSE '' END AS kind, COUNT(*) AS events, \
     now_ms() - MIN(received_at) AS oldest \
    FROM inbox WHERE consumer = $1 AND source <> $2 GROUP BY 1, 2";

const HELD_UP: &str = "SELECT source, CASE WHEN stream LIKE 'Command/%' THEN 'Command/' \
     WHEN stream LIKE 'Reply/%' THEN 'Reply/' ELSE '' END AS kind, COUNT(parked_since) AS parked, \
     now_ms() - MIN(parked_since) AS oldest, COUNT(dead_since) AS dead FROM inbox_streams \
    WHERE consumer = $1 AND (parked_since IS NOT NULL OR dead_since IS NOT NULL) GROUP BY 1, 2";

/// Forgets messages that were applied long ago.
pub(crate) async fn purge(db: &Db) -> Result<(), StoreError> {
    let messages = Sql::new(
        "DELETE FROM inbox_streams WHERE applied_at < now_ms() - $1 AND ready_since IS NULL \
         AND parked_since IS NULL AND (stream LIKE 'Command/%' OR stream LIKE 'Reply/%')",
    );
    db.run(&messages.bind(KEPT_MS)).await.map(drop)
}

#[async_trait]
impl InboxStore for SqlInbox {
    type Tx = Tx;

    async fn receive(&self, consumer: &str, events: &[Received]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let sequences = keys(consumer, events.iter().map(|event| &event.sequence));
        let standings = locked(&mut tx, &sequences).await?;
        let is_new = |event: &&Received| {
            standings.get(&event.sequence).is_some_and(|standing| event.seq > standing.last_seq)
        };
        let new: Vec<Value> = events.iter().filter(is_new).map(|event| record(consumer, event)).collect();
        if !new.is_empty() {
            tx.run(&Sql::new(ADD_EVENTS).bind(json!(new).to_string())).await?;
            tx.run(&Sql::new(NOTE_WAITING).bind(&sequences)).await?;
        }
        tx.commit().await
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        self.db.begin().await
    }

    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        tx.commit().await
    }

    async fn roll_back(&self, tx: Tx) -> Result<(), StoreError> {
        tx.roll_back().await
    }

    async fn ready(
        &self,
        tx: &mut Tx,
        consumer: &str,
        limits: ReadyLimits,
    ) -> Result<Vec<Ready>, StoreError> {
        let heads = tx.rows(&Sql::new(READY).bind(consumer).bind(i64::from(limits.sequences))).await?;
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let (mut ready, mut wanted) = (Vec::with_capacity(heads.len()), Vec::with_capacity(heads.len()));
        for head in &heads {
            let (sequence, last_seq) = (sequence(head)?, head.int("last_seq")?);
            wanted.push(named(consumer, &sequence, json!({ "last_seq": last_seq })));
            ready.push((last_seq, Ready { sequence, attempts: head.int("attempts")?, events: Vec::new() }));
        }
        let events = Sql::new(READY_EVENTS).bind(json!(wanted).to_string()).bind(i64::from(limits.depth));
        let mut events_of: BTreeMap<SequenceKey, Vec<(i64, String)>> = BTreeMap::new();
        for row in tx.rows(&events).await? {
            events_of.entry(sequence(&row)?).or_default().push((row.int("seq")?, row.text("body")?));
        }
        for (last_seq, ready) in &mut ready {
            let events = events_of.remove(&ready.sequence).unwrap_or_default();
            let unbroken = (*last_seq + 1..).zip(events).take_while(|(due, (seq, _))| due == seq);
            ready.events = unbroken.map(|(_, event)| event).collect();
        }
        Ok(ready.into_iter().map(|(_, ready)| ready).collect())
    }

    async fn standings(
        &self,
        tx: &mut Tx,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
        locked(tx, &keys(consumer, of.iter())).await
    }

    async fn last(&self, tx: &mut Tx, consumer: &str, of: &SequenceKey) -> Result<i64, StoreError> {
        let add = Sql::new(
            "INSERT INTO inbox_streams (consumer, source, stream) VALUES ($1, $2, $3) \
             ON CONFLICT (consumer, source, stream) DO UPDATE SET last_seq = inbox_streams.last_seq \
             RETURNING last_seq",
        );
        tx.one(&keyed(add, consumer, of), "inbox_streams").await?.int("last_seq")
    }

    async fn reached(
        &self,
        consumer: &str,
        of: &[SequenceKey],
    ) -> Result<BTreeMap<SequenceKey, i64>, StoreError> {
        let rows = self.db.rows(&Sql::new(REACHED).bind(keys(consumer, of.iter()))).await?;
        rows.iter().map(|row| Ok((sequence(row)?, row.int("last_seq")?))).collect()
    }

    async fn advance(&self, tx: &mut Tx, consumer: &str, done: &[Advance]) -> Result<(), StoreError> {
        let records: Vec<Value> = done
            .iter()
            .map(|Advance { sequence, up_to }| named(consumer, sequence, json!({ "up_to": up_to })))
            .collect();
        let records = json!(records).to_string();
        for text in [FORGET, ADVANCE] {
            tx.run(&Sql::new(text).bind(&records)).await?;
        }
        Ok(())
    }

    async fn fail(
        &self,
        consumer: &str,
        sequence: &SequenceKey,
        seq: i64,
        reason: &str,
        retry_in_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let update = Sql::new(
            "UPDATE inbox_streams SET attempts = attempts + 1, next_try_at = now_ms() + $5, \
             dead = $6, dead_since = CASE WHEN $6 IS NOT NULL THEN now_ms() END \
             WHERE consumer = $1 AND source = $2 AND stream = $3 AND last_seq = $4 - 1",
        );
        let update = keyed(update, consumer, sequence)
            .bind(seq)
            .bind(retry_in_ms.unwrap_or_default())
            .bind(retry_in_ms.is_none().then(|| reason.to_owned()));
        self.db.run(&update).await.map(drop)
    }

    async fn gaps(&self, consumer: &str, older_than_ms: i64, most: u32) -> Result<Vec<Gap>, StoreError> {
        let query = Sql::new(
            "SELECT source, stream, last_seq FROM inbox_streams WHERE consumer = $1 \
             AND parked_since IS NOT NULL AND parked_since <= now_ms() - $2 ORDER BY parked_since LIMIT $3",
        );
        let query = query.bind(consumer).bind(older_than_ms).bind(i64::from(most));
        let gap = |row: &Row| Ok(Gap { sequence: sequence(row)?, last_seq: row.int("last_seq")? });
        self.db.rows(&query).await?.iter().map(gap).collect()
    }

    async fn source(&self, consumer: &str, source: &str) -> Result<SourceState, StoreError> {
        let query =
            Sql::new("SELECT cursor, loaded_at FROM inbox_sources WHERE consumer = $1 AND source = $2");
        let row = self.db.row(&query.bind(consumer).bind(source)).await?;
        let Some(row) = row else { return Ok(SourceState::default()) };
        let loaded = row.int_or_null("loaded_at")?.is_some();
        Ok(SourceState { cursor: row.text_or_null("cursor")?, loaded })
    }

    async fn note_source(
        &self,
        tx: &mut Tx,
        consumer: &str,
        source: &str,
        state: &SourceState,
    ) -> Result<(), StoreError> {
        let upsert = Sql::new(
            "INSERT INTO inbox_sources (consumer, source, cursor, loaded_at) \
             VALUES ($1, $2, $3, CASE WHEN $4 = 1 THEN now_ms() END) ON CONFLICT (consumer, source) \
             DO UPDATE SET cursor = excluded.cursor, loaded_at = excluded.loaded_at",
        );
        let upsert = upsert.bind(consumer).bind(source).bind(state.cursor.clone());
        tx.run(&upsert.bind(i64::from(state.loaded))).await.map(drop)
    }

    async fn waiting(&self, consumer: &str) -> Result<Vec<Waiting>, StoreError> {
        let mut of: BTreeMap<(String, MessageKind), InboxBacklog> = BTreeMap::new();
        // What is held up first: an event that comes between the two questions waits and is not held up yet, never the other way.
        for row in self.db.rows(&Sql::new(HELD_UP).bind(consumer)).await? {
            let backlog = of.entry((row.text("source")?, kind(&row)?)).or_default();
            (backlog.parked, backlog.oldest_parked_ms) = (row.int("parked")?, row.int_or_null("oldest")?);
            backlog.dead = row.int("dead")?;
        }
        for row in self.db.rows(&Sql::new(WAITING_EVENTS).bind(consumer).bind(MARKERS)).await? {
            let backlog = of.entry((row.text("source")?, kind(&row)?)).or_default();
            (backlog.events, backlog.oldest_ms) = (row.int("events")?, row.int_or_null("oldest")?);
        }
        Ok(of.into_iter().map(|((source, kind), backlog)| Waiting { source, kind, backlog }).collect())
    }

    async fn markers(&self, consumer: &str) -> Result<Vec<(String, i64)>, StoreError> {
        let query = Sql::new(
            "SELECT stream, last_seq FROM inbox_streams WHERE consumer = $1 AND source = $2 AND last_seq > 0",
        );
        let rows = self.db.rows(&query.bind(consumer).bind(MARKERS)).await?;
        rows.iter().map(|row| Ok((row.text("stream")?, row.int("last_seq")?))).collect()
    }

    async fn backlog(&self, consumer: &str) -> Result<InboxBacklog, StoreError> {
        let query = Sql::new(
            "SELECT (SELECT COUNT(*) FROM inbox WHERE consumer = $1 AND source <> $2) AS events, \
             (SELECT now_ms() - MIN(received_at) FROM inbox WHERE consumer = $1 AND source <> $2) AS oldest, \
             COUNT(parked_since) AS parked, now_ms() - MIN(parked_since) AS oldest_parked, COUNT(dead) AS dead \
             FROM inbox_streams \
             WHERE consumer = $1 AND (parked_since IS NOT NULL OR dead_since IS NOT NULL)",
        );
        let row = self.db.one(&query.bind(consumer).bind(MARKERS), "inbox").await?;
        Ok(InboxBacklog {
            events: row.int("events")?,
            oldest_ms: row.int_or_null("oldest")?,
            parked: row.int("parked")?,
            oldest_parked_ms: row.int_or_null("oldest_parked")?,
            dead: row.int("dead")?,
        })
    }
}

/// Locks sequences, those that are not there yet included, and says how far they are.
async fn locked(tx: &mut Tx, sequences: &str) -> Result<BTreeMap<SequenceKey, Standing>, StoreError> {
    tx.run(&Sql::new(ADD_STREAMS).bind(sequences)).await?;
    let rows = tx.rows(&Sql::new(LOCK_STREAMS).bind(sequences)).await?;
    let standing = |row: &Row| {
        let standing = Standing { last_seq: row.int("last_seq")?, holds: row.int("holds")? != 0 };
        Ok((sequence(row)?, standing))
    };
    rows.iter().map(standing).collect()
}

/// Each of these sequences of a consumer once, as records.
fn keys<'k>(consumer: &str, sequences: impl Iterator<Item = &'k SequenceKey>) -> String {
    let once: std::collections::BTreeSet<_> = sequences.collect();
    let records = once.into_iter().map(|sequence| named(consumer, sequence, json!({})));
    json!(records.collect::<Vec<_>>()).to_string()
}

fn record(consumer: &str, event: &Received) -> Value {
    let Received { sequence, seq, event_id, body } = event;
    named(consumer, sequence, json!({ "seq": seq, "event_id": event_id, "body": body }))
}

/// A record of a consumer's sequence, with what else there is to it.
fn named(consumer: &str, sequence: &SequenceKey, mut record: Value) -> Value {
    record["consumer"] = json!(consumer);
    record["source"] = json!(sequence.source);
    record["stream"] = json!(sequence.stream);
    record
}

fn kind(row: &Row) -> Result<MessageKind, StoreError> {
    Ok(SequenceKey { source: String::new(), stream: row.text("kind")? }.kind())
}

/// Begins with the key of a row.
pub(super) fn keyed(sql: Sql, consumer: &str, sequence: &SequenceKey) -> Sql {
    sql.bind(consumer).bind(&sequence.source).bind(&sequence.stream)
}

pub(super) fn sequence(row: &Row) -> Result<SequenceKey, StoreError> {
    Ok(SequenceKey { source: row.text("source")?, stream: row.text("stream")? })
}
