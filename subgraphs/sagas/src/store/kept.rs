//! What people have said, kept beside its saga until that has settled: neither the saga nor a message holds it.

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    deposit::Deposits,
    sql::{Db, Sql, Tx},
};
use serde_json::Value;

/// What services take, by the saga's identifier.
pub(crate) struct Kept(pub(crate) Db);

#[async_trait]
impl Deposits for Kept {
    async fn deposit(&self, key: &str) -> Result<Option<Value>, StoreError> {
        let Some(row) = self.0.row(&Sql::new("SELECT body FROM kept WHERE saga = $1").bind(key)).await?
        else {
            return Ok(None);
        };
        let read = serde_json::from_str(&row.text("body")?);
        read.map(Some).map_err(|_| StoreError::corrupt("what a saga keeps", format!("that of {key}")))
    }
}

pub(super) async fn keep(tx: &mut Tx, saga: &str, what: &Value) -> Result<(), StoreError> {
    let insert = Sql::new("INSERT INTO kept (saga, body) VALUES ($1, $2)").bind(saga).bind(what.to_string());
    tx.run(&insert).await.map(drop)
}

pub(super) async fn forget(tx: &mut Tx, saga: &str) -> Result<(), StoreError> {
    tx.run(&Sql::new("DELETE FROM kept WHERE saga = $1").bind(saga)).await.map(drop)
}
