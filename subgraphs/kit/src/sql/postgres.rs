//! The PostgreSQL adapter.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Postgres,
    postgres::{PgArguments, PgConnectOptions},
    query::Query,
};

use super::{
    connections::Connections,
    dialect,
    statement::{Sql, Value},
};

/// Connects, so that a wrong URL shows at start. The server ends a transaction whose client
/// has said nothing for twice as long as a statement may take: a process that sleeps, or was cut off, in the middle of one holds
/// rows that others need.
pub(super) async fn open(url: &str, timeout: Duration) -> Result<Connections, sqlx::Error> {
    let idle = (2 * timeout).as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?.options([("idle_in_transaction_session_timeout", idle)]);
    Connections::open(options, timeout).await
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
