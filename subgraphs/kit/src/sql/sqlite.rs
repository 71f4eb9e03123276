//! The SQLite adapter: one writer, several readers, write-ahead log.

use std::{path::Path, time::Duration};

use sqlx::{
    AssertSqlSafe, Sqlite,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::{
    db::patience,
    dialect,
    statement::{Sql, Value},
};

const READERS: u32 = 4;

/// The two pools of a file.
#[derive(Clone)]
pub(crate) struct SqlitePools {
    /// The one that writes.
    pub(crate) writer: SqlitePool,
    /// Those that read, and cannot write.
    pub(crate) reader: SqlitePool,
}

impl SqlitePools {
    /// Closes the connections; the log is moved into the file.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Moves the write-ahead log into the file and empties it: it holds pages as they were. While somebody reads or writes,
/// it is left for the next time.
pub(crate) async fn truncate_log(pools: &SqlitePools) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pools.writer).await.map(drop)
}

/// Opens a file, and makes it if it is not there.
pub(crate) async fn open(path: &Path, timeout: Duration) -> Result<SqlitePools, sqlx::Error> {
    let patience = patience(timeout);
    // The driver sets the busy timeout while it connects, before any pragma: switching to the
    // write-ahead log needs a lock that another process may hold.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(patience)
        .journal_mode(SqliteJournalMode::Wal)
        // What is acknowledged or answered must survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted or replaced is overwritten: an erased person is in no free page of the file.
        .pragma("secure_delete", "ON");
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(patience);
    let writer = pool(1).connect_with(options.clone()).await?;
    let reader = pool(READERS).connect_with(options.pragma("query_only", "ON")).await?;
    Ok(SqlitePools { writer, reader })
}

/// Whether a code says that the disk is full.
pub(crate) fn is_full(code: &str) -> bool {
    is_one(code, 13)
}

/// Whether a code says that the file could not be read or written, for another reason.
pub(crate) fn is_disk(code: &str) -> bool {
    is_one(code, 10)
}

/// Whether a code is a primary one, or says more of it. PostgreSQL's have five characters.
fn is_one(code: &str, primary: u32) -> bool {
    code.len() < 5 && code.parse::<u32>().is_ok_and(|code| code & 0xff == primary)
}

/// The statement as the driver takes it.
pub(super) fn query(sql: &Sql) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(dialect::sqlite(&sql.text)));
    sql.values.iter().cloned().fold(query, |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Texts(texts) => query.bind(json_list(&texts)),
        Value::Ints(numbers) => query.bind(json_list(&numbers)),
    })
}

fn json_list<T: serde::Serialize>(values: &[T]) -> String {
    serde_json::to_string(values).expect("texts and numbers are JSON")
}
