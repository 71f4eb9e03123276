//! A service that says something, one that listens, and the databases of both.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::future::join_all;
use lms_kit::{
    Sources, StoreError,
    access::Caller,
    change::{Begun, Change},
    changes::{LocalOwners, SqlChanges},
    event::{Envelope, Event},
    idempotency::{Call, Command},
    inbox::{DeadLetters, HandleError, Handler, Inbox, InboxOptions, InboxStore, SqlInbox, Turn},
    migrate::{self, Migration, Phase},
    outbox::{ClaimOptions, Relay, RelayOptions, SqlOutbox},
    sql::{Db, DbOptions, Sql, Tx},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::wire::Wire;

/// The engines, each of which every test runs on.
pub(crate) const ENGINES: [&str; 2] = ["sqlite", "postgres"];

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "notes", phase: Phase::Expand, sqlite: NOTES, postgres: NOTES }];

/// The effects of events in the order in which they were applied; the sum is wrong if one is applied twice.
const NOTES: &str = "CREATE TABLE notes (id TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
    CREATE TABLE heard (stream TEXT NOT NULL PRIMARY KEY, seqs TEXT NOT NULL, value BIGINT NOT NULL);";

/// A database of its own.
pub(crate) struct Database {
    pub(crate) db: Db,
    _folder: tempfile::TempDir,
}

impl Database {
    pub(crate) async fn of(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "postgres" => octavo_engines::shared::postgres_database("notes").await.unwrap(),
            _ => format!("sqlite:{}", folder.path().join("notes.sqlite").display()),
        };
        let db = Db::open("notes", &url, DbOptions::default()).await.unwrap();
        migrate::apply(&db, "notes", MIGRATIONS, Sources::system().clock.as_ref()).await.unwrap();
        Self { db, _folder: folder }
    }

    pub(crate) fn relay(&self, wire: &Arc<Wire>, claim: ClaimOptions) -> Relay {
        let options = RelayOptions { claim, ..RelayOptions::default() };
        let outbox = Arc::new(SqlOutbox::new(self.db.clone()));
        Relay::new("notes", outbox, Arc::clone(wire) as _, self.db.wake().clone(), options)
    }

    /// Writes a note, and says so.
    pub(crate) async fn write(&self, id: &str, value: i64) {
        let command = command();
        let Begun::Fresh(mut change) = Change::begin::<Value>(&self.db, &command).await.unwrap() else {
            panic!("each command has a key of its own")
        };
        put(&mut change, id, value).await;
        change.commit(Value::Null).await.unwrap();
    }
}

/// A claim of all there is.
pub(crate) const ALL: ClaimOptions = ClaimOptions { aggregates: 1_000, depth: 100, lease_ms: 60_000 };

pub(crate) fn command() -> Command {
    let sources = Sources::system();
    let key = sources.ids.next_id().to_string();
    let call = Call { caller: Caller::Local(String::new()), traceparent: None, sources };
    Command::new(&call, "write", &key, &Value::Null).unwrap()
}

/// The rows of a change of a note, and its event.
pub(crate) async fn put(change: &mut Change<'_>, id: &str, value: i64) {
    let upsert = Sql::new(
        "INSERT INTO notes (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
    );
    change.tx().run(&upsert.bind(id).bind(value)).await.unwrap();
    change.event(&said(id, value)).await.unwrap();
}

fn said(id: &str, value: i64) -> Event {
    Event {
        service: "notes",
        aggregate_type: "Note",
        aggregate_id: id.to_owned(),
        kind: "NoteWritten",
        data: json!({ "value": value }),
        deleted: false,
        touches: Vec::new(),
    }
}

/// A service that listens, on one kind of engine.
pub(crate) trait Listening: Sized + Send + Sync + 'static {
    /// Its inbox.
    type Store: InboxStore + DeadLetters;

    /// Whether what is next in its sequence is applied as it comes.
    const AT_ONCE: bool = true;

    /// With a database of its own on this engine.
    async fn of(engine: &str) -> Self;

    /// Its inbox.
    fn store(&self) -> Self::Store;

    /// What it does with what it hears.
    fn handler(&self, ear: Ear) -> impl Handler<<Self::Store as InboxStore>::Tx> + 'static;

    /// What was heard of each note: the numbers as they were applied, and the last value.
    async fn heard(&self) -> BTreeMap<String, (String, i64)>;
}

impl Listening for Database {
    type Store = SqlInbox;

    async fn of(engine: &str) -> Self {
        Self::of(engine).await
    }

    fn store(&self) -> SqlInbox {
        SqlInbox::new(self.db.clone())
    }

    fn handler(&self, ear: Ear) -> impl Handler<Tx> + 'static {
        ear
    }

    async fn heard(&self) -> BTreeMap<String, (String, i64)> {
        let rows = self.db.rows(&Sql::new("SELECT stream, seqs, value FROM heard")).await.unwrap();
        let entry = |row: &lms_kit::sql::Row| {
            (row.text("stream").unwrap(), (row.text("seqs").unwrap(), row.int("value").unwrap()))
        };
        rows.iter().map(entry).collect()
    }
}

/// Runs a test that is generic over [`Listening`] on each engine of each kind.
macro_rules! on_each_engine {
    ($test:ident) => {
        for engine in $crate::world::ENGINES {
            $test::<$crate::world::Database>(engine).await;
        }
        for engine in $crate::shelf::ENGINES {
            $test::<$crate::shelf::Shelf>(engine).await;
        }
        for engine in $crate::tray::ENGINES {
            $test::<$crate::tray::Tray>(engine).await;
        }
    };
}
pub(crate) use on_each_engine;

/// Notes what it hears; `refuses` are values that it cannot apply, and each event takes so long.
#[derive(Clone, Default)]
pub(crate) struct Ear {
    pub(crate) refuses: Arc<Mutex<Vec<i64>>>,
    pub(crate) takes: Duration,
}

impl Ear {
    /// The value that an event tells of, if it can be applied.
    pub(crate) fn value(&self, event: &Envelope) -> Result<i64, HandleError> {
        let value =
            event.data.state["value"].as_i64().ok_or_else(|| HandleError::Poison("no value".into()))?;
        if self.refuses.lock().unwrap().contains(&value) {
            return Err(HandleError::Poison(format!("{value} is refused")));
        }
        Ok(value)
    }
}

#[async_trait]
impl Handler<Tx> for Ear {
    async fn apply(&self, tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        let value = self.value(event)?;
        let upsert = Sql::new(
            "INSERT INTO heard (stream, seqs, value) VALUES ($1, $2, $3) ON CONFLICT (stream) \
             DO UPDATE SET seqs = heard.seqs || ' ' || excluded.seqs, value = excluded.value",
        );
        let upsert = upsert.bind(event.stream()).bind(event.seq.to_string()).bind(value);
        tx.run(&upsert).await?;
        Ok(())
    }
}

/// The inbox of a listener to `owner`.
pub(crate) fn inbox<L: Listening>(listener: &L, owner: &Database, ear: Ear) -> Inbox<L::Store> {
    let mut owners = LocalOwners::default();
    owners.insert("notes", Arc::new(SqlChanges::new(owner.db.clone())));
    let options = InboxOptions { gap: Duration::ZERO, page: 7, ..InboxOptions::default() };
    Inbox::new("listener", listener.store(), listener.handler(ear), Arc::new(owners), options)
}

/// Applies until nothing is ready.
pub(crate) async fn apply_all<S: InboxStore>(inbox: &Inbox<S>) -> Result<usize, StoreError> {
    let mut applied = 0;
    loop {
        match inbox.turn().await? {
            Turn::Idle => return Ok(applied),
            Turn::Applied(events) => applied += events,
            Turn::Divided | Turn::Failed => {}
        }
    }
}

/// How long something may take to hold, also on a machine that has a lot else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// Whether something comes to hold.
pub(crate) async fn soon(holds: impl AsyncFn() -> bool) -> bool {
    let comes = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, comes).await.is_ok()
}

/// Whether this comes to hold of each of them, all at the same time.
pub(crate) async fn side_by_side<T>(all: &[T], holds: impl AsyncFn(&T) -> bool) -> bool {
    let each = all.iter().map(async |one| soon(async || holds(one).await).await);
    join_all(each).await.into_iter().all(|held| held)
}
