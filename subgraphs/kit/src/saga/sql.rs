//! Steps in a table of the service, `saga_steps`.

use async_trait::async_trait;

use super::{KEPT_MS, Keep, StepState, StepTx};
use crate::{
    bus::Topic,
    error::StoreError,
    event::Event,
    idempotency::Command,
    outbox,
    sql::{Db, Sql, Tx},
};

/// Forgets steps of long ago.
pub(crate) async fn purge(db: &Db) -> Result<(), StoreError> {
    // What is done may still be undone, however long its saga is stuck.
    let gone = Sql::new("DELETE FROM saga_steps WHERE at < now_ms() - $1 AND state NOT LIKE '%\"DONE\"%'");
    db.run(&gone.bind(KEPT_MS)).await.map(drop)
}

#[async_trait]
impl StepTx for Tx {
    async fn step(&mut self, saga: &str, step: &str) -> Result<Option<StepState>, StoreError> {
        // A row that is not there cannot be locked: without this one, two replicas would both find nothing.
        let held = Sql::new(
            "INSERT INTO saga_steps (saga, step, state, at) VALUES ($1, $2, 'null', now_ms()) \
             ON CONFLICT (saga, step) DO UPDATE SET at = saga_steps.at RETURNING state",
        );
        let row = self.one(&held.bind(saga).bind(step), "saga_steps").await?;
        let state = serde_json::from_str(&row.text("state")?);
        state.map_err(|cause| StoreError::corrupt("saga step", cause))
    }

    async fn note_step(&mut self, saga: &str, step: &str, state: &StepState) -> Result<(), StoreError> {
        let state = serde_json::to_string(state).map_err(|cause| StoreError::corrupt("saga step", cause))?;
        let upsert = Sql::new(
            "INSERT INTO saga_steps (saga, step, state, at) VALUES ($1, $2, $3, now_ms()) \
             ON CONFLICT (saga, step) DO UPDATE SET state = excluded.state, at = excluded.at",
        );
        self.run(&upsert.bind(saga).bind(step).bind(state)).await.map(drop)
    }

    async fn begin_part(&mut self) -> Result<(), StoreError> {
        self.script("SAVEPOINT part").await
    }

    async fn end_part(&mut self, keep: Keep) -> Result<(), StoreError> {
        if keep == Keep::Nothing {
            self.script("ROLLBACK TO SAVEPOINT part").await?;
        }
        self.script("RELEASE SAVEPOINT part").await
    }

    async fn say(
        &mut self,
        event: &Event,
        topic: Option<&Topic>,
        command: &Command,
    ) -> Result<(), StoreError> {
        outbox::write(self, event, topic, command).await
    }
}
