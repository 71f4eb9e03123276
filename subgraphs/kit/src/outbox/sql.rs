//! The outbox in tables: `outbox_heads` is a row an aggregate, `outbox` a row an event.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::json;

use super::{AggregateKey, Backlog, Claim, ClaimOptions, Failure, Outbox, Settlement};
use crate::{
    bus::Topic,
    error::StoreError,
    event::OutboxRow,
    sql::{Db, Row, Sql},
};

/// The outbox of an SQL service.
pub struct SqlOutbox {
    db: Db,
}

impl SqlOutbox {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

const CLAIM: &str = "UPDATE outbox_heads SET lease_until = now_ms() + $2, fence = fence + 1 \
    FROM (SELECT aggregate_type AS picked_type, aggregate_id AS picked_id FROM outbox_heads \
          WHERE waiting_since IS NOT NULL AND stuck IS NULL AND lease_until <= now_ms() \
          ORDER BY waiting_since LIMIT $1 FOR UPDATE SKIP LOCKED) AS picked \
    WHERE aggregate_type = picked_type AND aggregate_id = picked_id \
    RETURNING aggregate_type, aggregate_id, fence, attempts, next_seq, waiting_since";

const CLAIMED_EVENTS: &str = "SELECT o.aggregate_type, o.aggregate_id, o.seq, o.event_id, o.type, \
    o.schema_version, o.body, o.traceparent, o.created_at, o.topic \
    FROM jsonb_to_recordset($1::jsonb) AS c(aggregate_type text, aggregate_id text, next_seq bigint) \
    JOIN outbox AS o ON o.aggregate_type = c.aggregate_type AND o.aggregate_id = c.aggregate_id \
     AND o.seq >= c.next_seq AND o.seq < c.next_seq + $2 ORDER BY o.aggregate_type, o.aggregate_id, o.seq";

/// What is settled keeps its place in the archive; what waits next has waited since it was written. A change
/// that commits while this statement waits for its head is not in the statement's snapshot: its event may not
/// be found, but the head says that it is there.
const SETTLE: &str = "UPDATE outbox_heads AS h SET next_seq = h.next_seq + sent, \
     lease_until = now_ms() + pause, stuck = settled_stuck, \
     attempts = CASE WHEN failed = 0 THEN 0 WHEN sent = 0 THEN h.attempts + 1 ELSE 1 END, \
     waiting_since = CASE WHEN h.last_seq >= h.next_seq + sent THEN COALESCE((SELECT o.recorded_at FROM outbox AS o \
       WHERE o.aggregate_type = h.aggregate_type AND o.aggregate_id = h.aggregate_id \
         AND o.seq = h.next_seq + sent), now_ms()) END \
    FROM (SELECT s.aggregate_type AS settled_type, s.aggregate_id AS settled_id, s.fence AS settled_fence, \
       s.stuck AS settled_stuck, sent, failed, pause \
      FROM jsonb_to_recordset($1::jsonb) AS s(aggregate_type text, aggregate_id text, fence bigint, \
       sent bigint, failed bigint, pause bigint, stuck text) \
      JOIN outbox_heads AS held ON held.aggregate_type = s.aggregate_type AND held.aggregate_id = s.aggregate_id \
      FOR UPDATE";
const THOSE_FREE: &str = " SKIP LOCKED";
const SETTLED: &str = ") AS settled \
    WHERE h.aggregate_type = settled_type AND h.aggregate_id = settled_id AND h.fence = settled_fence \
    RETURNING aggregate_type, aggregate_id";

/// How long what has left is kept, in ms: a week. The last event of each aggregate is kept for ever.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Forgets what left long ago.
pub(crate) async fn purge(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let events = Sql::new(
        "DELETE FROM outbox WHERE recorded_at < now_ms() - $1 AND EXISTS (SELECT 1 FROM outbox_heads AS h \
         WHERE h.aggregate_type = outbox.aggregate_type AND h.aggregate_id = outbox.aggregate_id \
          AND outbox.seq < h.next_seq AND (outbox.seq < h.last_seq OR outbox.topic IS NOT NULL))",
    );
    tx.run(&events.bind(KEPT_MS)).await?;
    // Only messages to one service can be gone to the last.
    let heads = Sql::new(
        "DELETE FROM outbox_heads WHERE waiting_since IS NULL AND NOT EXISTS (SELECT 1 FROM outbox AS o \
         WHERE o.aggregate_type = outbox_heads.aggregate_type AND o.aggregate_id = outbox_heads.aggregate_id)",
    );
    tx.run(&heads).await?;
    tx.commit().await
}

#[async_trait]
impl Outbox for SqlOutbox {
    async fn claim(&self, options: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        let mut tx = self.db.begin().await?;
        let claim = Sql::new(CLAIM).bind(i64::from(options.aggregates)).bind(options.lease_ms);
        let heads = tx.rows(&claim).await?;
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = heads.iter().map(wanted).collect::<Result<Vec<_>, _>>()?;
        let events = Sql::new(CLAIMED_EVENTS).bind(json!(wanted).to_string()).bind(i64::from(options.depth));
        let mut events_of: BTreeMap<AggregateKey, Vec<OutboxRow>> = BTreeMap::new();
        for row in tx.rows(&events).await? {
            events_of.entry(key(&row)?).or_default().push(event(&row)?);
        }
        tx.commit().await?;
        let mut claims = Vec::with_capacity(heads.len());
        for head in &heads {
            let aggregate = key(head)?;
            let events = events_of.remove(&aggregate).unwrap_or_default();
            let (fence, attempts) = (head.int("fence")?, head.int("attempts")?);
            claims.push((head.int_or_null("waiting_since")?, Claim { aggregate, fence, attempts, events }));
        }
        claims.sort_by(|(one, a), (other, b)| (one, &a.aggregate).cmp(&(other, &b.aggregate)));
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }

    /// A change holds the heads of its aggregates, in an order of its own, until it commits. A settlement that held some heads
    /// while it waits for others would wait for a change that waits for it: those that are free are settled together,
    /// and each of the others alone.
    async fn settle(&self, settlements: &[Settlement]) -> Result<usize, StoreError> {
        let settled = self.settle_those(settlements, THOSE_FREE).await?;
        let (mut count, mut failed) = (settled.len(), None);
        for other in settlements.iter().filter(|one| !settled.contains(&one.aggregate)) {
            match self.settle_those(std::slice::from_ref(other), "").await {
                Ok(settled) => count += settled.len(),
                // One that is held for long keeps none of the others from being settled.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(count), Err)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let query = Sql::new(
            "SELECT CAST(COALESCE(SUM(last_seq - next_seq + 1), 0) AS BIGINT) AS events, \
             now_ms() - MIN(waiting_since) AS oldest, COUNT(stuck) AS stuck \
             FROM outbox_heads WHERE waiting_since IS NOT NULL",
        );
        let row = self.db.one(&query, "outbox_heads").await?;
        let (events, oldest_ms) = (row.int("events")?, row.int_or_null("oldest")?);
        Ok(Backlog { events, oldest_ms, stuck: row.int("stuck")? })
    }

    /// Sequences go on from the first message on the topic that is kept. What a relay has under way is no longer its own: it may have gone
    /// to the topic that was there before.
    async fn send_again(&self, topic: &Topic) -> Result<u64, StoreError> {
        let rewind = Sql::new(
            "UPDATE outbox_heads SET next_seq = CASE WHEN kept.first < next_seq THEN kept.first ELSE next_seq END, \
              fence = fence + 1, lease_until = 0, waiting_since = COALESCE(waiting_since, now_ms()) \
             FROM (SELECT o.aggregate_type AS kind, o.aggregate_id AS id, MIN(o.seq) AS first FROM outbox AS o \
              WHERE o.aggregate_type IN ('Command', 'Reply') AND o.topic = $1 GROUP BY o.aggregate_type, o.aggregate_id) AS kept \
             WHERE outbox_heads.aggregate_type = kept.kind AND outbox_heads.aggregate_id = kept.id \
              AND (kept.first < next_seq OR waiting_since IS NOT NULL)",
        );
        let sequences = self.db.run(&rewind.bind(topic.name())).await?;
        self.db.wake().tell();
        Ok(sequences)
    }
}

impl SqlOutbox {
    /// Settles in one transaction those that are still this relay's, and are free or waited for.
    async fn settle_those(
        &self,
        settlements: &[Settlement],
        which: &'static str,
    ) -> Result<BTreeSet<AggregateKey>, StoreError> {
        let records: Vec<_> = settlements.iter().map(record).collect();
        let settle = Sql::new(SETTLE).push(which).push(SETTLED).bind(json!(records).to_string());
        let mut tx = self.db.begin().await?;
        let settled = tx.rows(&settle).await?;
        tx.commit().await?;
        settled.iter().map(key).collect()
    }
}

fn wanted(head: &Row) -> Result<serde_json::Value, StoreError> {
    let AggregateKey { aggregate_type, id } = key(head)?;
    let next_seq = head.int("next_seq")?;
    Ok(json!({ "aggregate_type": aggregate_type, "aggregate_id": id, "next_seq": next_seq }))
}

fn record(settlement: &Settlement) -> serde_json::Value {
    let (pause, stuck) = match &settlement.failure {
        None => (0, None),
        Some(Failure::Passing { retry_in_ms }) => (*retry_in_ms, None),
        Some(Failure::Stuck { reason }) => (0, Some(reason)),
    };
    json!({
        "aggregate_type": settlement.aggregate.aggregate_type,
        "aggregate_id": settlement.aggregate.id,
        "fence": settlement.fence,
        "sent": settlement.sent,
        "failed": i32::from(settlement.failure.is_some()),
        "pause": pause,
        "stuck": stuck,
    })
}

fn key(row: &Row) -> Result<AggregateKey, StoreError> {
    Ok(AggregateKey { aggregate_type: row.text("aggregate_type")?, id: row.text("aggregate_id")? })
}

fn event(row: &Row) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        event_id: row.text("event_id")?,
        aggregate_type: row.text("aggregate_type")?,
        aggregate_id: row.text("aggregate_id")?,
        seq: row.int("seq")?,
        kind: row.text("type")?,
        schema_version: row.version("schema_version")?,
        body: row.text("body")?,
        traceparent: row.text_or_null("traceparent")?,
        created_at: row.int("created_at")?,
        topic: row.text_or_null("topic")?,
    })
}
