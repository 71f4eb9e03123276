//! The PostgreSQL adapter.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Postgres,
    postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions},
    query::Query,
};

use super::{
    dialect,
    statement::{Sql, Value},
};

const CONNECTIONS: u32 = 10;

/// Connects a pool; the server is asked at once, so that a wrong URL shows at start.
pub(super) async fn open(url: &str, timeout: Duration) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(timeout);
    pool.connect_with(options).await
}

/// The statement as the driver takes it.
pub(super) fn query(sql: &Sql) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(dialect::postgres(&sql.text)));
    sql.values.iter().cloned().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Texts(texts) => query.bind(texts),
        Value::Ints(numbers) => query.bind(numbers),
    })
}
