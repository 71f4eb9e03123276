//! Claims: a thing that a saga has made, and that is not in use yet, is held by whoever refers to it. Of two
//! sagas that share a new genre one may fail, and the genre stays for the other.

use crate::{
    error::StoreError,
    sql::{Sql, Tx},
};

/// Holds on to a target. Claiming twice is claiming once.
pub async fn claim(tx: &mut Tx, target: &str, by: &str) -> Result<(), StoreError> {
    let insert =
        Sql::new("INSERT INTO claims (target, claim) VALUES ($1, $2) ON CONFLICT (target, claim) DO NOTHING");
    tx.run(&insert.bind(target).bind(by)).await.map(drop)
}

/// Lets a target go; how many still hold on to it.
pub async fn release(tx: &mut Tx, target: &str, by: &str) -> Result<i64, StoreError> {
    let delete = Sql::new("DELETE FROM claims WHERE target = $1 AND claim = $2");
    tx.run(&delete.bind(target).bind(by)).await?;
    holders(tx, target).await
}

/// How many hold on to a target.
pub async fn holders(tx: &mut Tx, target: &str) -> Result<i64, StoreError> {
    let count = Sql::new("SELECT COUNT(*) AS holders FROM claims WHERE target = $1").bind(target);
    tx.one(&count, "claims").await?.int("holders")
}
