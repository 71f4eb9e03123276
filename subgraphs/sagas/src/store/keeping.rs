//! Which definitions sagas under way have, and for how long those that have ended are kept.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    service::KeepsSagas,
    sql::{Db, Sql},
};
use serde::Deserialize;

/// How many are forgotten in one transaction.
const AT_ONCE: u32 = 500;

/// The sagas of a database.
pub(crate) struct Keeping {
    db: Db,
    kept_ms: i64,
}

impl Keeping {
    /// In this database, for so long after they have ended.
    pub(crate) fn new(db: Db, kept: Duration) -> Self {
        Self { db, kept_ms: i64::try_from(kept.as_millis()).unwrap_or(i64::MAX) }
    }

    /// Forgets a few sagas, and what was said of them; how many. Those of which something has still to leave wait. Nothing is
    /// said of it: nobody keeps the state of sagas, and their identifiers are never used again.
    async fn forget_some(&self) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let ended = Sql::new(
            "SELECT s.id FROM sagas AS s WHERE s.phase IN ('COMPLETED', 'COMPENSATED') \
             AND s.updated_at < now_ms() - $1 AND NOT EXISTS (SELECT 1 FROM outbox_heads AS h \
              WHERE h.aggregate_type IN ('Saga', 'Command') AND h.aggregate_id = s.id AND h.waiting_since IS NOT NULL) \
             ORDER BY s.updated_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        );
        let ended = tx.rows(&ended.bind(self.kept_ms).bind(i64::from(AT_ONCE))).await?;
        let ids = ended.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>()?;
        for statement in [
            "DELETE FROM outbox WHERE aggregate_type = 'Saga' AND aggregate_id = ANY($1)",
            "DELETE FROM outbox_heads WHERE aggregate_type = 'Saga' AND aggregate_id = ANY($1)",
            "DELETE FROM sagas WHERE id = ANY($1)",
        ] {
            tx.run(&Sql::new(statement).bind(ids.clone())).await?;
        }
        tx.commit().await?;
        Ok(ids.len())
    }
}

/// What is looked at of a saga.
#[derive(Deserialize)]
struct Defined {
    kind: String,
    definition: u32,
}

#[async_trait]
impl KeepsSagas for Keeping {
    async fn oldest_definitions(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        let query = Sql::new("SELECT body FROM sagas WHERE phase = ANY($1)").bind(vec![
            "RUNNING".to_owned(),
            "COMPENSATING".to_owned(),
            "STUCK".to_owned(),
        ]);
        let mut oldest = BTreeMap::new();
        for row in self.db.rows(&query).await? {
            let saga: Defined = serde_json::from_str(&row.text("body")?)
                .map_err(|cause| StoreError::corrupt("saga", cause))?;
            let definition = oldest.entry(saga.kind).or_insert(saga.definition);
            *definition = saga.definition.min(*definition);
        }
        Ok(oldest)
    }

    async fn forget_ended(&self) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        loop {
            let some = self.forget_some().await?;
            forgotten += some;
            if some < AT_ONCE as usize {
                return Ok(forgotten);
            }
        }
    }
}
