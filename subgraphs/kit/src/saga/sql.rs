//! Steps in a table of the service, `saga_steps`.

use async_trait::async_trait;

use super::{Effect, Effects, KEPT_MS, Keep, StepNote, StepState, StepTx};
use crate::{
    bus::Topic,
    error::StoreError,
    event::Event,
    idempotency::Command,
    outbox,
    sql::{Db, Row, Sql, Tx},
};

/// How many sagas are told at once.
const AT_ONCE: u32 = 1_000;

/// Forgets steps of long ago.
pub(crate) async fn purge(db: &Db) -> Result<(), StoreError> {
    // What is done may still be undone, however long its saga is stuck.
    let gone = Sql::new("DELETE FROM saga_steps WHERE at < now_ms() - $1 AND state NOT LIKE '%\"DONE\"%'");
    db.run(&gone.bind(KEPT_MS)).await.map(drop)
}

#[async_trait]
impl Effects for Db {
    async fn effects(&self, sagas: &[String]) -> Result<Vec<Effect>, StoreError> {
        let select = Sql::new("SELECT saga, step, state, at FROM saga_steps WHERE saga = ANY($1)");
        let rows = self.rows(&select.bind(sagas.to_vec())).await?;
        rows.iter().filter_map(|row| effect(row).transpose()).collect()
    }

    async fn sagas_after(&self, saga: &str) -> Result<Vec<String>, StoreError> {
        let select = Sql::new("SELECT DISTINCT saga FROM saga_steps WHERE saga > $1 ORDER BY saga LIMIT $2");
        let rows = self.rows(&select.bind(saga).bind(i64::from(AT_ONCE))).await?;
        rows.iter().map(|row| row.text("saga")).collect()
    }
}

/// What became of a step; nothing while it is held and not noted.
fn effect(row: &Row) -> Result<Option<Effect>, StoreError> {
    let note: Option<StepNote> =
        serde_json::from_str(&row.text("state")?).map_err(|cause| StoreError::corrupt("saga step", cause))?;
    let Some(note) = note else { return Ok(None) };
    Ok(Some(Effect { saga: row.text("saga")?, step: row.text("step")?, note, at: row.int("at")? }))
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

    async fn note_step(&mut self, saga: &str, step: &str, note: &StepNote) -> Result<(), StoreError> {
        let state = serde_json::to_string(note).map_err(|cause| StoreError::corrupt("saga step", cause))?;
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
