//! A database: its pools, the time limit of each call, and a count of what it ran.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::postgres::PgPool;

use super::{
    postgres,
    row::{Inner, Row},
    sqlite::{self, SqlitePools},
    statement::Sql,
    tx::Tx,
};
use crate::{
    breaker::Breaker,
    engine::{EngineUrl, redact},
    error::{OpenError, StoreError},
    outbox::Wake,
};

/// How a database is used.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// The longest that one call may take.
    pub timeout: Duration,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5) }
    }
}

/// An SQL database of one service.
#[derive(Clone)]
pub struct Db {
    pub(super) gauge: Gauge,
}

#[derive(Clone)]
enum Pools {
    Sqlite(SqlitePools),
    Postgres(PgPool),
}

impl Pools {
    /// Whether a connection that is waited for in vain is in somebody's hands: whoever has it says for himself what fails. Else
    /// none can be made.
    fn are_taken(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(pool) => postgres::is_taken(pool),
        }
    }
}

/// The pools, the time limit, the breaker, the count, and who is told of events; shared by a database and its transactions.
#[derive(Clone)]
pub(super) struct Gauge {
    pools: Pools,
    timeout: Duration,
    breaker: Arc<Breaker>,
    statements: Arc<AtomicU64>,
    pub(super) wake: Wake,
}

impl Gauge {
    /// Runs one statement: counted, within the time limit.
    pub(super) async fn statement<T>(
        &self,
        call: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.limit(call).await
    }

    /// Runs what is not a statement within the time limit, if the engine is not left alone.
    pub(super) async fn limit<T>(
        &self,
        call: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        // The driver's futures are large, and each layer around one would hold it twice.
        self.breaker.call(self.timed(Box::pin(call))).await
    }

    /// Runs a query that stands alone, and once more if that may help.
    async fn query<T, F>(&self, call: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let counted = || {
            self.statements.fetch_add(1, Ordering::Relaxed);
            self.timed(Box::pin(call()))
        };
        self.breaker.call_again(counted).await
    }

    async fn timed<T>(&self, call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Err(sqlx::Error::PoolTimedOut)) if self.pools.are_taken() => {
                Err(StoreError::Contended("others have all connections".into()))
            }
            Err(_) | Ok(Err(sqlx::Error::PoolTimedOut)) => Err(StoreError::Timeout(self.timeout)),
            Ok(result) => result.map_err(classify),
        }
    }
}

impl Db {
    /// Opens the database of a URL; `service` is named in the error if the engine is not an SQL one.
    pub async fn open(service: &'static str, url: &str, options: DbOptions) -> Result<Self, OpenError> {
        let connect = |source: sqlx::Error| OpenError::Connect { url: redact(url), source: source.into() };
        let timeout = options.timeout;
        let pools = match EngineUrl::parse(url)? {
            EngineUrl::Sqlite(path) => Pools::Sqlite(sqlite::open(&path, timeout).await.map_err(connect)?),
            EngineUrl::Postgres(url) => {
                Pools::Postgres(postgres::open(&url, timeout).await.map_err(connect)?)
            }
            engine @ EngineUrl::Mongo(_) => {
                let supported = "postgres and sqlite";
                return Err(OpenError::Engine { service, engine: engine.scheme().to_owned(), supported });
            }
        };
        let (breaker, statements, wake) = (Arc::default(), Arc::default(), Wake::default());
        Ok(Self { gauge: Gauge { pools, timeout, breaker, statements, wake } })
    }

    /// All rows of a query.
    pub async fn rows(&self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        match &self.gauge.pools {
            Pools::Sqlite(pools) => {
                let rows = self.gauge.query(|| sqlite::query(sql).fetch_all(&pools.reader)).await?;
                Ok(rows.into_iter().map(|row| Row(Inner::Sqlite(row))).collect())
            }
            Pools::Postgres(pool) => {
                let rows = self.gauge.query(|| postgres::query(sql).fetch_all(pool)).await?;
                Ok(rows.into_iter().map(|row| Row(Inner::Postgres(row))).collect())
            }
        }
    }

    /// The one row of a query that always has one, of `what`.
    pub async fn one(&self, sql: &Sql, what: &'static str) -> Result<Row, StoreError> {
        self.row(sql).await?.ok_or_else(|| StoreError::corrupt(what, "no row came back"))
    }

    /// The first row of a query.
    pub async fn row(&self, sql: &Sql) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// Runs one statement in a transaction of its own; how many rows it changed.
    pub async fn run(&self, sql: &Sql) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx.run(sql).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Begins a transaction that writes. SQLite's takes the write lock at once: one that reads first and
    /// writes later could be refused in between.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match &self.gauge.pools {
            Pools::Sqlite(pools) => {
                let begun = self.gauge.limit(pools.writer.begin_with("BEGIN IMMEDIATE")).await?;
                Ok(Tx::sqlite(begun, self.gauge.clone()))
            }
            Pools::Postgres(pool) => {
                let begun = self.gauge.limit(pool.begin()).await?;
                Ok(Tx::postgres(begun, self.gauge.clone()))
            }
        }
    }

    /// Asks the engine whether it is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.gauge.pools {
            Pools::Sqlite(pools) => {
                self.gauge.limit(sqlx::query("SELECT 1").execute(&pools.reader)).await.map(drop)
            }
            Pools::Postgres(pool) => self.gauge.limit(sqlx::query("SELECT 1").execute(pool)).await.map(drop),
        }
    }

    /// Has the engine let go of what was deleted, where that is a service's to ask for: PostgreSQL does so by itself.
    pub(crate) async fn let_go(&self) -> Result<(), StoreError> {
        match &self.gauge.pools {
            Pools::Sqlite(pools) => self.gauge.limit(sqlite::truncate_log(pools)).await,
            Pools::Postgres(_) => Ok(()),
        }
    }

    /// How many statements have run, transactions' own included, `BEGIN` and `COMMIT` not.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.gauge.statements.load(Ordering::Relaxed)
    }

    /// Told when an event was committed.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.gauge.wake
    }

    /// The engine's name, which is also the folder of its migrations.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match &self.gauge.pools {
            Pools::Sqlite(_) => "sqlite",
            Pools::Postgres(_) => "postgres",
        }
    }

    /// Closes all connections; SQLite moves its log into the file.
    pub async fn close(&self) {
        match &self.gauge.pools {
            Pools::Sqlite(pools) => pools.close().await,
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Sorts a driver's errors by what a caller can do about them.
fn classify(error: sqlx::Error) -> StoreError {
    let sqlx::Error::Database(refusal) = &error else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => StoreError::Away(error.into()),
            _ => StoreError::Refused(error.into()),
        };
    };
    if refusal.is_unique_violation() {
        let name = refusal.constraint().unwrap_or(refusal.message());
        return StoreError::Taken(name.to_owned());
    }
    let code = refusal.code().unwrap_or_default();
    // PostgreSQL: serialization, deadlock, a lock that was waited for in vain, and a disk that is full.
    let waits = ["40001", "40P01", "55P03", "53100"].contains(&code.as_ref());
    if waits || sqlite::is_busy(&code) || sqlite::is_full(&code) {
        return StoreError::Contended(error.into());
    }
    // SQLite: the disk fails. PostgreSQL: connection, resources, shutdown, and a transaction idle for too long.
    let is_outage = sqlite::is_disk(&code)
        || code == "25P03"
        || ["08", "53", "57P"].iter().any(|class| code.len() == 5 && code.starts_with(class));
    if is_outage { StoreError::Away(error.into()) } else { StoreError::Refused(error.into()) }
}

/// How long somebody else's lock or connection is waited for: less than a call may take, so that it is known what was waited for.
pub(super) fn patience(timeout: Duration) -> Duration {
    timeout * 4 / 5
}
