//! Writing an event in its change's own transaction, with the next number of its aggregate.
//!
//! A change waits for answers more than for work. So where one statement may hold several that write, the head, the event
//! and the result of the change's command are one; the event's JSON is put together there, around its number.

use crate::{
    bus::Topic,
    error::StoreError,
    event::{Event, OutboxRow},
    idempotency::{self, Command},
    sql::{Sql, Tx},
};

/// The next number of an aggregate, `$1` and `$2`.
const HEAD: &str = "INSERT INTO outbox_heads (aggregate_type, aggregate_id, last_seq, waiting_since) \
    VALUES ($1, $2, 1, now_ms()) ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE \
    SET last_seq = outbox_heads.last_seq + 1, \
        waiting_since = COALESCE(outbox_heads.waiting_since, now_ms()) RETURNING last_seq";

const EVENT: &str = "INSERT INTO outbox (aggregate_type, aggregate_id, event_id, type, schema_version, \
    traceparent, created_at, topic, recorded_at, seq, body) ";
const NUMBERED: &str = "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now_ms(), $9, $10)";
/// `$9` and `$10` are what the event's JSON has before its number and after it.
const BEHIND_HEAD: &str = "SELECT $1, $2, $3, $4, $5, $6, $7, $8, now_ms(), last_seq, \
    $9 || CAST(last_seq AS TEXT) || $10 FROM head";

/// Writes an event; for another topic than the service's own, if one is given.
pub(crate) async fn write(
    tx: &mut Tx,
    event: &Event,
    topic: Option<&Topic>,
    command: &Command,
) -> Result<(), StoreError> {
    let row = OutboxRow::new(event, 0, command);
    let row = if let Some(topic) = topic { row.to(topic) } else { row };
    if tx.writes_several() {
        tx.run(&behind_head(row, "")).await?;
    } else {
        one_by_one(tx, row).await?;
    }
    tx.says_something();
    Ok(())
}

/// Writes an event to the service's own topic, and stores the result of its command.
pub(crate) async fn write_with_result(
    tx: &mut Tx,
    event: &Event,
    command: &Command,
    result: String,
) -> Result<(), StoreError> {
    if !tx.writes_several() {
        write(tx, event, None, command).await?;
        return idempotency::settle(tx, command, result).await;
    }
    let settle = ", settled AS (UPDATE idempotency SET result = $11 \
         WHERE caller = $12 AND mutation = $13 AND key = $14)";
    let all = behind_head(OutboxRow::new(event, 0, command), settle).bind(result);
    tx.run(&all.bind(&command.caller).bind(command.mutation).bind(&command.key)).await?;
    tx.says_something();
    Ok(())
}

/// The head, what else is written with it, and the event.
fn behind_head(row: OutboxRow, more: &'static str) -> Sql {
    let (before, after) = row.around_number();
    let all = Sql::new("WITH head AS (").push(HEAD).push(")").push(more).push(" ");
    columns(all.push(EVENT).push(BEHIND_HEAD), row).bind(before).bind(after)
}

async fn one_by_one(tx: &mut Tx, row: OutboxRow) -> Result<(), StoreError> {
    let head = Sql::new(HEAD).bind(row.aggregate_type.as_str()).bind(&row.aggregate_id);
    let seq = tx.one(&head, "outbox_heads").await?.int("last_seq")?;
    let (before, after) = row.around_number();
    let event = columns(Sql::new(EVENT).push(NUMBERED), row).bind(seq);
    tx.run(&event.bind(format!("{before}{seq}{after}"))).await.map(drop)
}

/// Binds what is known of a row without its number.
fn columns(sql: Sql, row: OutboxRow) -> Sql {
    sql.bind(row.aggregate_type)
        .bind(row.aggregate_id)
        .bind(row.event_id)
        .bind(row.kind)
        .bind(row.schema_version)
        .bind(row.traceparent)
        .bind(row.created_at)
        .bind(row.topic)
}
