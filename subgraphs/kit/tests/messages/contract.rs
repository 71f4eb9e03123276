//! What takes something away waits until nothing old is left anywhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_graphql::{EmptyMutation, Object};
use async_trait::async_trait;
use lms_kit::{
    Service, Sources, StoreError,
    migrate::{self, MigrateError, Migration, Phase, Process, Requirement, Requirements},
    service::{ContractError, ContractWish, KeepsSagas, SchemaParts, SqlEngine, schema},
    sql::Sql,
};
use tokio::net::TcpListener;

use crate::world::{Database, ENGINES, MIGRATIONS};

const MORE: Migration = Migration {
    version: 2,
    name: "more",
    phase: Phase::Expand,
    sqlite: "CREATE TABLE more (id TEXT)",
    postgres: "CREATE TABLE more (id TEXT)",
};

const LESS: Migration = Migration {
    version: 3,
    name: "less",
    phase: Phase::Contract(Requirements::all(&[
        Requirement::Code { service: "notes", at_least: (0, 1, 0) },
        Requirement::EventSchema { kind: "library.notes.NoteWritten", at_least: 2 },
        Requirement::SagaDefinition { kind: "WriteNoteSaga", at_least: 2 },
    ])),
    sqlite: "DROP TABLE heard",
    postgres: "DROP TABLE heard",
};

const NEW: &[Migration] = &[MIGRATIONS[0], MORE, LESS];
const EDITED: &[Migration] =
    &[MIGRATIONS[0], MORE, Migration { sqlite: "DROP TABLE more", postgres: "DROP TABLE more", ..LESS }];

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

/// Sagas under way, as a test says them.
#[derive(Clone, Default)]
struct Definitions(Arc<Mutex<BTreeMap<String, u32>>>);

#[async_trait]
impl KeepsSagas for Definitions {
    async fn oldest_definitions(&self) -> Result<BTreeMap<String, u32>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn forget_ended(&self) -> Result<usize, StoreError> {
        Ok(0)
    }
}

fn service(db: &Database, name: &'static str, migrations: &'static [Migration]) -> Service {
    let parts = SchemaParts::new(name, schema(Query, EmptyMutation).finish(), &[]);
    let engine = SqlEngine { db: db.db.clone(), owner: name, migrations };
    Service::new(parts, Arc::new(engine), Sources::system()).unwrap()
}

/// A service that keeps sagas, behind a port.
async fn sagas(db: &Database, definitions: &Definitions) -> String {
    let parts = SchemaParts::new("sagas", schema(Query, EmptyMutation).finish(), &[]);
    let engine = SqlEngine { db: db.db.clone(), owner: "sagas", migrations: &[] };
    let parts = parts.keeping_sagas(definitions.clone());
    let service = Service::new(parts, Arc::new(engine), Sources::system()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { service.serve(listener, std::future::pending()).await });
    url
}

fn wish(apply: bool, services: &[(&str, &str)]) -> ContractWish {
    let services = services.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned()));
    ContractWish { services: services.collect(), apply }
}

async fn run(db: &Database, text: &'static str) {
    db.db.run(&Sql::new(text)).await.unwrap();
}

async fn is_there(db: &Database, table: &'static str) -> bool {
    db.db.rows(&Sql::new("SELECT * FROM ").push(table)).await.is_ok()
}

#[tokio::test]
async fn each_thing_that_is_old_holds_it_up_and_says_so() {
    for engine in ENGINES {
        let (db, other) = (Database::of(engine).await, Database::of("sqlite").await);
        migrate::apply(&db.db, "notes", NEW, Sources::system().clock.as_ref()).await.unwrap();
        assert!(is_there(&db, "more").await && is_there(&db, "heard").await, "{engine}: a start adds only");
        let (notes, definitions) = (service(&db, "notes", NEW), Definitions::default());
        assert_eq!(service(&db, "notes", MIGRATIONS).ready().await, Ok(()), "{engine}: the old one runs on");
        assert_eq!(notes.ready().await, Ok(()), "{engine}");
        let standing = notes.standing().await.unwrap();
        assert_eq!(standing.pending[0].step, "notes/0003");
        assert_eq!(standing.pending[0].requires[0], "code of notes at least 0.1.0");

        let old = Process { id: Sources::system().ids.next_id(), release: "0.0.9".parse().unwrap() };
        migrate::present(&db.db, &old).await.unwrap();
        db.write("a", 1).await;
        definitions.0.lock().unwrap().insert("WriteNoteSaga".to_owned(), 1);
        let sagas = sagas(&other, &definitions).await;
        let held = |steps: Result<Vec<migrate::Contracted>, ContractError>| {
            let [step] = &steps.unwrap()[..] else { panic!("one step") };
            assert!(!step.applied, "{engine}");
            step.unmet.clone()
        };
        let process = format!("process {} of notes runs 0.0.9", old.id);
        let events = "notes holds events library.notes.NoteWritten of schema 1".to_owned();
        let saga = "a WriteNoteSaga of definition 1 is under way".to_owned();
        let unmet = held(notes.contract(&wish(true, &[("sagas", &sagas)])).await);
        assert_eq!(unmet, [process, events.clone(), saga.clone()], "{engine}");

        run(&db, "UPDATE processes SET seen_at = 0").await;
        let unmet = held(notes.contract(&wish(true, &[("sagas", &sagas)])).await);
        assert_eq!(unmet, [events, saga.clone()], "{engine}: a process that is gone does not count");
        run(&db, "DELETE FROM outbox").await;
        let unmet = held(notes.contract(&wish(true, &[("sagas", &sagas)])).await);
        assert_eq!(unmet, [saga], "{engine}");
        let unmet = held(notes.contract(&wish(true, &[])).await);
        assert_eq!(unmet, ["no service tells which sagas are under way"], "{engine}");
        let gone = [("sagas", sagas.as_str()), ("books", "http://127.0.0.1:9/")];
        let unmet = held(notes.contract(&wish(true, &gone)).await);
        assert!(unmet.iter().any(|why| why.starts_with("books does not tell how it stands")), "{unmet:?}");
        assert!(is_there(&db, "heard").await, "{engine}: it waits");
        let wrong = notes.contract(&wish(true, &[("sagas", "nonsense")])).await.unwrap_err();
        assert_eq!(wrong.to_string(), "`nonsense` is no URL of the service sagas");

        definitions.0.lock().unwrap().clear();
        assert_eq!(held(notes.contract(&wish(false, &[("sagas", &sagas)])).await), Vec::<String>::new());
        assert!(is_there(&db, "heard").await, "{engine}: it was only looked at");
    }
}

#[tokio::test]
async fn of_two_that_ask_for_it_at_once_one_does_it() {
    for engine in ENGINES {
        let (db, other) = (Database::of(engine).await, Database::of("sqlite").await);
        migrate::apply(&db.db, "notes", NEW, Sources::system().clock.as_ref()).await.unwrap();
        let sagas = sagas(&other, &Definitions::default()).await;
        let (one, two) = (service(&db, "notes", NEW), service(&db, "notes", NEW));
        let wish = wish(true, &[("sagas", &sagas)]);
        let (one, two) = tokio::join!(one.contract(&wish), two.contract(&wish));
        let applied: Vec<_> = one.unwrap().into_iter().chain(two.unwrap()).collect();
        assert_eq!(applied.len(), 1, "{engine}: {applied:?}");
        assert!(applied[0].applied && applied[0].unmet.is_empty(), "{engine}: {applied:?}");
        assert!(!is_there(&db, "heard").await, "{engine}");

        let clock = Sources::system().clock;
        let old = migrate::apply(&db.db, "notes", MIGRATIONS, clock.as_ref()).await;
        assert!(matches!(old, Err(MigrateError::Unknown { version: 3, .. })), "{engine}: {old:?}");
        let edited = service(&db, "notes", EDITED).contract(&wish).await;
        let edited = edited.unwrap_err();
        let changed = matches!(edited, ContractError::Migrate(MigrateError::Changed { version: 3, .. }));
        assert!(changed, "{engine}: {edited}");
    }
}
