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
use tokio::time::{Instant, sleep};

use super::{
    db::patience,
    dialect,
    statement::{Sql, Value},
};

const READERS: u32 = 4;
/// How long after a refusal a file is opened again.
const AGAIN: Duration = Duration::from_millis(10);

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
    // The driver sets the busy timeout while it connects, before any pragma.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(patience)
        // What is acknowledged or answered must survive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted or replaced is overwritten: an erased person is in no free page of the file.
        .pragma("secure_delete", "ON");
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(patience);
    let logged = options.clone().journal_mode(SqliteJournalMode::Wal);
    let writer = connect(pool(1), logged, patience).await?;
    let reader = pool(READERS).connect_with(options.pragma("query_only", "ON")).await?;
    Ok(SqlitePools { writer, reader })
}

/// Connects, again while the file is locked. SQLite does not wait where waiting could be a deadlock
/// (<https://sqlite.org/c3ref/busy_handler.html>): of several that switch a new file to the write-ahead log at once, those
/// that come second are refused at once, and find it switched when they ask again.
async fn connect(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
    patience: Duration,
) -> Result<SqlitePool, sqlx::Error> {
    let began = Instant::now();
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(sqlx::Error::Database(refusal))
                if refusal.code().is_some_and(|code| is_busy(&code)) && began.elapsed() < patience =>
            {
                sleep(AGAIN).await;
            }
            ended => return ended,
        }
    }
}

/// Whether a code says that another connection keeps what is asked for locked.
pub(crate) fn is_busy(code: &str) -> bool {
    is_one(code, 5) || is_one(code, 6)
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

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;
    use sqlx::sqlite::SqliteConnection;

    use super::*;

    #[tokio::test]
    async fn a_file_that_another_writes_while_it_is_opened_is_opened_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.sqlite");
        let other = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut other = SqliteConnection::connect_with(&other).await.unwrap();
        // One that has begun to write, before the file has its write-ahead log.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let wait = Duration::from_millis(200);
        let (opened, ()) = tokio::join!(open(&path, Duration::from_secs(10)), async {
            sleep(wait).await;
            other.close().await.unwrap();
        });
        opened.unwrap().close().await;
    }
}
