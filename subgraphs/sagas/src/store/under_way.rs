//! Which definitions sagas under way have.

use std::collections::BTreeMap;

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    service::SagasUnderWay,
    sql::{Db, Sql},
};
use serde::Deserialize;

/// The sagas that may still go on: those that are stuck among them.
pub(crate) struct UnderWay(Db);

impl UnderWay {
    /// In this database.
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }
}

/// What is looked at of a saga.
#[derive(Deserialize)]
struct Defined {
    kind: String,
    definition: u32,
}

#[async_trait]
impl SagasUnderWay for UnderWay {
    async fn oldest_definitions(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        let query = Sql::new("SELECT body FROM sagas WHERE phase = ANY($1)").bind(vec![
            "RUNNING".to_owned(),
            "COMPENSATING".to_owned(),
            "STUCK".to_owned(),
        ]);
        let mut oldest = BTreeMap::new();
        for row in self.0.rows(&query).await? {
            let saga: Defined = serde_json::from_str(&row.text("body")?)
                .map_err(|cause| StoreError::corrupt("saga", cause))?;
            let definition = oldest.entry(saga.kind).or_insert(saga.definition);
            *definition = saga.definition.min(*definition);
        }
        Ok(oldest)
    }
}
