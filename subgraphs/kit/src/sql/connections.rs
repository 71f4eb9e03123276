//! The connections to one PostgreSQL database, and who has them.
//!
//! The driver's own pool asks the server whether a connection is there when it is taken, and once more when it is given
//! back: two questions beside what is often one statement. Here a connection is asked when it has rested, and one that
//! was left in the middle of something is cleared up before somebody else has it.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Executor,
    postgres::{PgArguments, PgConnectOptions, PgConnection, PgQueryResult, PgRow},
    query::Query,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backoff::doubled;

const CONNECTIONS: usize = 10;
/// How long a connection may have rested and is taken to be there.
const RESTED: Duration = Duration::from_secs(1);
/// The first pause while the server starts.
const STARTING: Duration = Duration::from_millis(10);

type Statement = Query<'static, sqlx::Postgres, PgArguments>;

/// The connections; clones share them.
#[derive(Clone)]
pub(super) struct Connections(Arc<Inner>);

struct Inner {
    options: PgConnectOptions,
    rests: Mutex<Vec<(PgConnection, Instant)>>,
    places: Arc<Semaphore>,
}

/// A connection that is somebody's until this is dropped.
pub(super) struct Lease {
    /// None when it was given back.
    connection: Option<PgConnection>,
    /// Whether it is in a transaction.
    in_transaction: bool,
    /// Whether a statement on it has failed, or was left before it was answered.
    in_doubt: bool,
    inner: Arc<Inner>,
    place: Option<OwnedSemaphorePermit>,
}

impl Connections {
    /// Connects, so that a wrong URL shows at once.
    pub(super) async fn open(options: PgConnectOptions, timeout: Duration) -> Result<Self, sqlx::Error> {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = Self(Arc::new(Inner { options, rests: Mutex::default(), places }));
        let first = tokio::time::timeout(timeout, connections.take()).await;
        first.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(connections)
    }

    /// The rows of a statement that stands alone.
    pub(super) async fn rows(&self, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
        self.take().await?.rows(statement).await
    }

    /// Begins a transaction on a connection.
    pub(super) async fn begin(&self) -> Result<Lease, sqlx::Error> {
        let mut lease = self.take().await?;
        lease.in_transaction = true;
        lease.script("BEGIN").await?;
        Ok(lease)
    }

    /// Asks the server whether it is there.
    pub(super) async fn ping(&self) -> Result<(), sqlx::Error> {
        self.rows(sqlx::query("SELECT 1")).await.map(drop)
    }

    /// Closes those that nobody has; those that somebody has end with what they are needed for.
    pub(super) async fn close(&self) {
        self.0.places.close();
        let rests = std::mem::take(&mut *self.0.rests());
        for (connection, _) in rests {
            // The server forgets one that only ends, too.
            let _ = connection.close().await;
        }
    }

    /// Takes the connection that was used last, or makes one.
    async fn take(&self) -> Result<Lease, sqlx::Error> {
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let place = Some(place.map_err(|_| sqlx::Error::PoolClosed)?);
        let lease = |connection| {
            let (connection, inner) = (Some(connection), Arc::clone(&self.0));
            Lease { connection, in_transaction: false, in_doubt: false, inner, place }
        };
        loop {
            let rested = self.0.rests().pop();
            let Some((mut connection, since)) = rested else { break };
            if since.elapsed() < RESTED || connection.ping().await.is_ok() {
                return Ok(lease(connection));
            }
        }
        Ok(lease(self.0.connect().await?))
    }
}

impl Inner {
    fn rests(&self) -> MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects; a server that starts is waited for until the caller gives up.
    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut tries = 0;
        loop {
            match PgConnection::connect_with(&self.options).await {
                Err(error) if starts(&error) => {
                    tries += 1;
                    tokio::time::sleep(doubled(STARTING, tries)).await;
                }
                connected => return connected,
            }
        }
    }

    fn give_back(&self, connection: PgConnection) {
        if !self.places.is_closed() {
            self.rests().push((connection, Instant::now()));
        }
    }
}

/// Whether a server may take connections in a moment.
fn starts(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(refusal) => matches!(refusal.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}

/// Whether the server or the way to it is gone.
fn lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

impl Lease {
    /// Runs a statement.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<PgQueryResult, sqlx::Error> {
        self.in_doubt = true;
        let result = statement.execute(self.connection()?).await;
        self.after(result)
    }

    /// Runs a statement that has rows.
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
        self.in_doubt = true;
        let result = statement.fetch_all(self.connection()?).await;
        self.after(result)
    }

    /// Runs statements without parameters.
    pub(super) async fn script(&mut self, script: &'static str) -> Result<(), sqlx::Error> {
        self.in_doubt = true;
        let result = self.connection()?.execute(sqlx::raw_sql(script)).await.map(drop);
        self.after(result)
    }

    /// Ends its transaction with this word.
    pub(super) async fn end(mut self, word: &'static str) -> Result<(), sqlx::Error> {
        self.script(word).await?;
        self.in_transaction = false;
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Where one connection is lost, those that rest are.
    fn after<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match &result {
            Ok(_) => self.in_doubt = false,
            Err(error) if lost(error) => self.inner.rests().clear(),
            Err(_) => {}
        }
        result
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if !self.in_transaction && !self.in_doubt {
            return self.inner.give_back(connection);
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        // Its place is free when what it held is.
        let (inner, place, in_transaction) =
            (Arc::clone(&self.inner), self.place.take(), self.in_transaction);
        runtime.spawn(async move {
            let cleared = if in_transaction {
                connection.execute(sqlx::raw_sql("ROLLBACK")).await.map(drop)
            } else {
                connection.ping().await
            };
            if cleared.is_ok() {
                inner.give_back(connection);
            }
            drop(place);
        });
    }
}
