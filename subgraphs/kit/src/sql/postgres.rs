//! The PostgreSQL adapter.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection as _, Postgres,
    postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions},
    query::Query,
};

use super::{
    db::patience,
    dialect,
    statement::{Sql, Value},
};

const CONNECTIONS: u32 = 10;
/// How long a connection may have rested and is taken to be there.
const RESTED: Duration = Duration::from_secs(1);

/// Connects a pool; the server is asked at once, so that a wrong URL shows at start. The server ends a transaction whose client
/// has said nothing for twice as long as a statement may take: a process that sleeps, or was cut off, in the middle of one holds
/// rows that others need. It tells as well what was waited for in vain when that was another's lock.
pub(super) async fn open(url: &str, timeout: Duration) -> Result<PgPool, sqlx::Error> {
    let idle = (2 * timeout).as_millis().to_string();
    let patience = patience(timeout);
    let lock = patience.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?
        .options([("idle_in_transaction_session_timeout", idle), ("lock_timeout", lock)]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(patience);
    // The driver would ask before each use; a statement on a connection that is lost says so just as well.
    let pool = pool.test_before_acquire(false).before_acquire(|connection, known| {
        Box::pin(async move {
            if known.idle_for >= RESTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    pool.connect_with(options).await
}

/// Whether all connections that may be are in use.
pub(super) fn is_taken(pool: &PgPool) -> bool {
    pool.size() >= CONNECTIONS && pool.num_idle() == 0
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
