//! What has become of a saga, change by change: the events that said so are kept for a week after they left.

use lms_kit::{
    StoreError,
    event::Envelope,
    sql::{Db, Row, Sql},
};
use serde::Deserialize;

use crate::saga::{Phase, Status};

/// The changes of sagas.
#[derive(Clone)]
pub(crate) struct History(Db);

/// A saga after one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SagaChange {
    /// The number of the event that said it.
    pub(crate) seq: i64,
    /// When, by the service's clock, in ms.
    pub(crate) at: i64,
    /// What it said.
    pub(crate) said: Said,
}

/// What the event of a change says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Said {
    pub(crate) version: i64,
    pub(crate) phase: Phase,
    pub(crate) steps: Vec<StepSaid>,
}

/// What it says of a step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct StepSaid {
    pub(crate) name: String,
    pub(crate) status: Status,
}

impl History {
    /// In this database.
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    /// The changes of a saga that were said after an event, in their order; from the first that is kept if it is 0.
    pub(crate) async fn after(&self, saga: &str, seq: i64) -> Result<Vec<SagaChange>, StoreError> {
        let query = Sql::new(
            "SELECT seq, created_at, body FROM outbox WHERE aggregate_type = 'Saga' AND aggregate_id = $1 \
             AND seq > $2 ORDER BY seq",
        );
        self.0.rows(&query.bind(saga).bind(seq)).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<SagaChange, StoreError> {
    let body = row.text("body")?;
    let event = Envelope::parse(body.as_bytes()).map_err(|cause| StoreError::corrupt("event", cause))?;
    let said = Said::deserialize(event.data.state).map_err(|cause| StoreError::corrupt("event", cause))?;
    Ok(SagaChange { seq: row.int("seq")?, at: row.int("created_at")?, said })
}
