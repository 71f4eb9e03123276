//! Events: what a change says to the rest of the library, as CloudEvents in JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::StoreError,
    idempotency::Command,
    sql::{Sql, Tx},
};

/// An entity whose fields a change touches: caches drop what they hold of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The entity's type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// All of its keys, old and new, each as `{field: value}`.
    pub keys: Vec<Value>,
    /// The subgraph whose fields changed.
    pub subgraph: String,
}

/// What happened to one aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The service.
    pub service: &'static str,
    /// The aggregate's type, such as `Genre`.
    pub aggregate_type: &'static str,
    /// The aggregate's identifier: the partition key of its events.
    pub aggregate_id: String,
    /// What happened, such as `GenreRenamed`.
    pub kind: &'static str,
    /// The version of `data`'s format.
    pub schema_version: i32,
    /// The aggregate as it is now, or what is left of it. It holds no credential.
    pub data: Value,
    /// Every entity whose fields the change touches.
    pub touches: Vec<Touch>,
}

/// An event in the outbox: a row, or an element of a document's `outbox`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// A `UUIDv7`.
    pub event_id: String,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's identifier.
    pub aggregate_id: String,
    /// 1, 2, 3 … in each aggregate, without a gap.
    pub seq: i64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the data's format.
    pub schema_version: i32,
    /// The event in JSON.
    pub body: String,
    /// The trace in which it happened.
    pub traceparent: Option<String>,
    /// When, in ms.
    pub created_at: i64,
}

impl OutboxRow {
    /// The row of an event: number `seq` of its aggregate, caused by `command`.
    #[must_use]
    pub fn new(event: &Event, seq: i64, command: &Command) -> Self {
        let event_id = command.sources.ids.next_id().to_string();
        let mut body = json!({
            "specversion": "1.0",
            "id": event_id,
            "source": format!("/library/{}", event.service),
            "type": format!("library.{}.{}", event.service, event.kind),
            "subject": event.aggregate_id,
            "time": timestamp(command.now_ms),
            "datacontenttype": "application/json",
            "seq": seq,
            "schemaversion": event.schema_version,
            "data": { "aggregate": event.aggregate_type, "state": event.data, "touches": event.touches },
        });
        if let Some(traceparent) = &command.traceparent {
            body["traceparent"] = json!(traceparent);
        }
        Self {
            event_id,
            aggregate_type: event.aggregate_type.to_owned(),
            aggregate_id: event.aggregate_id.clone(),
            seq,
            kind: event.kind.to_owned(),
            schema_version: event.schema_version,
            body: body.to_string(),
            traceparent: command.traceparent.clone(),
            created_at: command.now_ms,
        }
    }
}

/// An instant in ms as RFC 3339.
fn timestamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

/// Writes an event with the next seq of its aggregate, in the change's own transaction.
pub(crate) async fn write(tx: &mut Tx, event: &Event, command: &Command) -> Result<(), StoreError> {
    let head = Sql::new(
        "INSERT INTO outbox_heads (aggregate_type, aggregate_id, last_seq) VALUES ($1, $2, 1) \
         ON CONFLICT (aggregate_type, aggregate_id) \
         DO UPDATE SET last_seq = outbox_heads.last_seq + 1 RETURNING last_seq",
    )
    .bind(event.aggregate_type)
    .bind(&event.aggregate_id);
    let head = tx.row(&head).await?;
    let seq = head.ok_or_else(|| StoreError::corrupt("outbox_heads", "no row came back"))?.int("last_seq")?;
    let row = OutboxRow::new(event, seq, command);
    let insert = Sql::new(
        "INSERT INTO outbox (aggregate_type, aggregate_id, seq, event_id, type, schema_version, body, \
         traceparent, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.aggregate_type)
    .bind(row.aggregate_id)
    .bind(row.seq)
    .bind(row.event_id)
    .bind(row.kind)
    .bind(row.schema_version)
    .bind(row.body)
    .bind(row.traceparent)
    .bind(row.created_at);
    tx.run(&insert).await.map(drop)
}
