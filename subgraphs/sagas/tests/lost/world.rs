//! A coordinator whose database comes from an older backup, and the services that it coordinates.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{EmptyMutation, Object};
use async_trait::async_trait;
use lms_kit::{
    Service, Sources,
    bus::{LocalBus, SubscriptionName, Topic},
    changes::LocalOwners,
    migrate,
    saga::{Act, ActError, Participant, Steps, claims},
    service::{Headers, Listener, SchemaParts, SqlEngine, Surroundings, schema},
    sql::{Db, DbOptions, Sql, Tx},
};
use lms_sagas::{
    Times,
    definition::{DEFINITIONS, services},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

/// Holds something for each step that can be undone, until it is undone or its saga is done.
#[derive(Default)]
struct Holding {
    acts: Arc<AtomicUsize>,
}

#[async_trait]
impl Participant<Tx> for Holding {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        self.acts.fetch_add(1, Ordering::Relaxed);
        match act.operation {
            "activate" => {
                let gone = Sql::new("DELETE FROM claims WHERE claim = $1").bind(act.saga());
                tx.run(&gone).await?;
            }
            "create" => {}
            operation => claims::claim(tx, operation, act.saga()).await?,
        }
        Ok(json!({ "id": "g", "authorNumber": "1", "isbn": "9780306406157" }))
    }

    async fn undo(&self, tx: &mut Tx, act: Act<'_>, _: &Value) -> Result<(), ActError> {
        let gone = Sql::new("DELETE FROM claims WHERE claim = $1").bind(act.saga());
        Ok(tx.run(&gone).await.map(drop)?)
    }
}

/// A service that takes part in sagas.
struct Participating {
    service: Service,
    db: Db,
    acts: Arc<AtomicUsize>,
}

impl Participating {
    async fn open(name: &'static str, folder: &TempDir) -> Self {
        let url = format!("sqlite:{}", folder.path().join(format!("{name}.sqlite")).display());
        let db = Db::open(name, &url, DbOptions::default()).await.unwrap();
        migrate::apply(&db, name, &[], Sources::system().clock.as_ref()).await.unwrap();
        let holding = Holding::default();
        let acts = Arc::clone(&holding.acts);
        let steps = Steps::new(name, holding, Sources::system());
        let parts = SchemaParts::new(name, schema(Query, EmptyMutation).finish(), &[]);
        let parts = parts.listening(Listener::to_sagas(name, &db, steps)).taking_part(db.clone());
        let engine = SqlEngine { db: db.clone(), owner: name, migrations: &[] };
        let service = Service::new(parts, Arc::new(engine), Sources::system()).unwrap();
        Self { service, db, acts }
    }
}

/// All of it, on databases and a bus of their own.
pub(crate) struct World {
    /// Where the coordinator's database is.
    url: String,
    around: Surroundings,
    participants: BTreeMap<&'static str, Participating>,
    _folder: TempDir,
}

impl World {
    /// With the coordinator's database on this engine; nobody has joined the others yet.
    pub(crate) async fn on(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "postgres" => octavo_engines::shared::postgres_database("sagas").await.unwrap(),
            _ => format!("sqlite:{}", folder.path().join("sagas.sqlite").display()),
        };
        let bus = LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap();
        let mut around = Surroundings::new(Arc::new(bus), Arc::new(LocalOwners::default()));
        let mut participants = BTreeMap::new();
        for name in services(DEFINITIONS) {
            let participating = Participating::open(name, &folder).await;
            around.peers.insert(name, participating.service.clone());
            participants.insert(name, participating);
        }
        Self { url, around, participants, _folder: folder }
    }

    /// A coordinator on the database as it is, which looks for lost sagas so often, and takes part.
    pub(crate) async fn coordinator(&self, compared: Duration) -> Coordinator {
        let times = Times { compared, ..Times::default() };
        let service = lms_sagas::open(&self.url, Sources::system(), times).await.unwrap();
        let joined = self.join(service.clone());
        Coordinator { service, joined }
    }

    /// Lets a service take part; until the task is aborted.
    pub(crate) fn join_named(&self, name: &str) -> JoinHandle<()> {
        self.join(self.participants[name].service.clone())
    }

    fn join(&self, service: Service) -> JoinHandle<()> {
        let around = self.around.clone();
        tokio::spawn(async move { service.take_part(&around).await })
    }

    /// Lets all services take part but one, which does not, although its messages are kept for it.
    pub(crate) async fn join_all_but(&self, away: &str) -> Vec<JoinHandle<()>> {
        let mut joined = Vec::new();
        for (name, participating) in &self.participants {
            if *name == away {
                let (topic, name) = (Topic::commands(name), (*name).to_owned());
                let subscription = SubscriptionName { topic: topic.clone(), name };
                self.around.bus.declare(&[topic], &[subscription]).await.unwrap();
            } else {
                joined.push(self.join(participating.service.clone()));
            }
        }
        joined
    }

    /// The database as it was before anything had begun.
    pub(crate) async fn restore(&self) {
        let db = Db::open("test", &self.url, DbOptions::default()).await.unwrap();
        for statement in [
            "DELETE FROM sagas",
            "DELETE FROM outbox",
            "DELETE FROM outbox_heads",
            "DELETE FROM inbox",
            "DELETE FROM inbox_streams",
            "DELETE FROM compared",
            "DELETE FROM idempotency",
        ] {
            db.run(&Sql::new(statement)).await.unwrap();
        }
        db.close().await;
    }

    /// How often the only saga was stored.
    pub(crate) async fn version(&self) -> i64 {
        let db = Db::open("test", &self.url, DbOptions::default()).await.unwrap();
        let select = Sql::new("SELECT version FROM sagas");
        let version = db.row(&select).await.unwrap().unwrap().int("version").unwrap();
        db.close().await;
        version
    }

    /// What a service holds for sagas.
    pub(crate) async fn held(&self, name: &str) -> i64 {
        let count = Sql::new("SELECT COUNT(*) AS n FROM claims");
        self.participants[name].db.row(&count).await.unwrap().unwrap().int("n").unwrap()
    }

    /// How many steps the services have done.
    pub(crate) fn acts(&self) -> usize {
        self.participants.values().map(|one| one.acts.load(Ordering::Relaxed)).sum()
    }
}

/// A sagas service that runs.
pub(crate) struct Coordinator {
    service: Service,
    joined: JoinHandle<()>,
}

impl Coordinator {
    /// Begins a saga that catalogues a book; its identifier.
    pub(crate) async fn begin(&self) -> String {
        let begin = "mutation { catalogueBook(isbn: \"9780306406157\", title: \"A Book\", genre: \"Physics\",
            authors: [{ authorNumber: \"1\" }], idempotencyKey: \"1\") { saga { id } } }";
        let data = self.ask(begin).await;
        data["catalogueBook"]["saga"]["id"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        let answer = self.service.answer(body.as_bytes(), Headers::default()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// The saga, when it has come to this phase.
    pub(crate) async fn until(&self, saga: &str, phase: &str) -> Value {
        self.until_it(saga, |found| found["phase"] == phase).await
    }

    /// The saga, when a step of it has this status.
    pub(crate) async fn until_step(&self, saga: &str, step: &str, status: &str) -> Value {
        let has = |run: &Value| run["name"] == step && run["status"] == status;
        self.until_it(saga, |found| found["steps"].as_array().is_some_and(|runs| runs.iter().any(has))).await
    }

    /// Waits until a step has been asked for, and the request has left.
    pub(crate) async fn until_asked(&self, saga: &str, step: &str) {
        self.until_step(saga, step, "DOING").await;
        for _ in 0..600 {
            if self.measured("lms_outbox_events").await.ends_with(" 0.0") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the request for {step} never left")
    }

    async fn until_it(&self, saga: &str, is: impl Fn(&Value) -> bool) -> Value {
        let query = format!(
            "{{ saga(id: \"{saga}\") {{ phase problem {{ message }} steps {{ name status }}
                ... on CatalogueBookSaga {{ book {{ isbn }} }} }} }}"
        );
        let mut found = Value::Null;
        for _ in 0..600 {
            found = self.ask(&query).await["saga"].clone();
            if is(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never came to that: {found}")
    }

    /// What Prometheus is told of a measure.
    pub(crate) async fn measured(&self, name: &str) -> String {
        let text = self.service.metrics().await.unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.to_owned()
    }

    /// Ends it, as if its process was killed.
    pub(crate) async fn end(self) {
        self.joined.abort();
        drop(self.joined.await);
        self.service.close().await;
    }
}
