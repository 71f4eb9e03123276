//! A service that says something, one that hears it, and the sagas service that watches both.

use std::{sync::Arc, time::Duration};

use async_graphql::{EmptyMutation, Object};
use async_trait::async_trait;
use lms_kit::{
    Service, Sources,
    access::{Caller, PeerToken},
    bus::{LocalBus, Outgoing, Topic},
    change::{Begun, Change},
    changes::LocalOwners,
    event::{Envelope, Event},
    idempotency::{Call, Command},
    inbox::{HandleError, Handler, InboxStore, SqlInbox},
    migrate,
    service::{Headers, Listener, SchemaParts, SqlEngine, Surroundings, schema},
    sql::{Db, DbOptions, Tx},
    watch::HttpPeer,
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

/// Hears notes, and cannot apply those that say `poison`.
#[derive(Clone)]
struct Ear;

#[async_trait]
impl Handler<Tx> for Ear {
    async fn apply(&self, _: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
        match event.data.state["text"].as_str() {
            Some("poison") => Err(HandleError::Poison("it cannot be stomached".into())),
            _ => Ok(()),
        }
    }
}

/// An event as it travels; `what` is its service and what has happened.
fn envelope(id: &str, what: &str, subject: &str, seq: i64, data: &Value) -> Value {
    let (service, _) = what.split_once('.').unwrap();
    json!({
        "specversion": "1.0", "id": id, "source": format!("/library/{service}"), "type": format!("library.{what}"),
        "subject": subject, "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json",
        "seq": seq, "schemaversion": 1, "data": data,
    })
}

/// The services, on databases and a bus of their own.
pub(crate) struct World {
    pub(crate) notes: Service,
    pub(crate) ear: Service,
    pub(crate) sagas: Service,
    around: Surroundings,
    db: Db,
    heard: SqlInbox,
    _folder: TempDir,
}

async fn database(folder: &TempDir, name: &'static str) -> Db {
    let url = format!("sqlite:{}", folder.path().join(format!("{name}.sqlite")).display());
    let db = Db::open(name, &url, DbOptions::default()).await.unwrap();
    migrate::apply(&db, name, &[], Sources::system().clock.as_ref()).await.unwrap();
    db
}

fn service(db: Db, name: &'static str, parts: SchemaParts) -> Service {
    let engine = SqlEngine { db, owner: name, migrations: &[] };
    Service::new(parts, Arc::new(engine), Sources::system()).unwrap()
}

impl World {
    /// The three services; nobody has joined the others yet.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (db, heard) = (database(&folder, "notes").await, database(&folder, "ear").await);
        let inbox = SqlInbox::new(heard.clone());
        let parts = |name| SchemaParts::new(name, schema(Query, EmptyMutation).finish(), &[]);
        let listener = Listener {
            consumer: "ear",
            store: inbox.clone(),
            handler: Ear,
            events_of: &["notes"],
            messages: Vec::new(),
            speaks_on: Vec::new(),
        };
        let notes = service(db.clone(), "notes", parts("notes"));
        let ear = service(heard, "ear", parts("ear").listening(listener));
        let url = format!("sqlite:{}", folder.path().join("sagas.sqlite").display());
        let sagas = lms_sagas::open(&url, Sources::system(), lms_sagas::Times::default()).await.unwrap();
        let bus = LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap();
        let mut owners = LocalOwners::default();
        owners.insert("notes", notes.messages().unwrap().changes);
        let mut around = Surroundings::new(Arc::new(bus), Arc::new(owners));
        for service in [&notes, &ear, &sagas] {
            around.peers.insert(service.name(), service.clone());
        }
        Self { notes, ear, sagas, around, db, heard: inbox, _folder: folder }
    }

    /// One more service, which does not answer.
    pub(crate) fn with_one_away(mut self) -> Self {
        let nobody = HttpPeer::new("http://127.0.0.1:9/".parse().unwrap(), PeerToken::default()).unwrap();
        self.around.peers.insert("nobody", nobody);
        self
    }

    /// Lets a service take part; until the task is aborted.
    pub(crate) fn join(&self, service: &Service) -> JoinHandle<()> {
        let (service, around) = (service.clone(), self.around.clone());
        tokio::spawn(async move { service.take_part(&around).await })
    }

    /// Lets all services take part, and waits until the ear has loaded the state of the notes: what is said from now on
    /// comes to it event by event.
    pub(crate) async fn join_all(&self) -> Vec<JoinHandle<()>> {
        let joined = [&self.notes, &self.ear, &self.sagas].map(|service| self.join(service)).into();
        while !self.heard.source("ear", "notes").await.unwrap().loaded {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        joined
    }

    /// Writes a note, and says so.
    pub(crate) async fn write(&self, id: &str, text: &str) {
        let sources = Sources::system();
        let key = sources.ids.next_id().to_string();
        let call = Call { caller: Caller::Local(String::new()), traceparent: None, sources };
        let command = Command::new(&call, "write", &key, &Value::Null).unwrap();
        let Begun::Fresh(mut change) = Change::begin::<Value>(&self.db, &command).await.unwrap() else {
            panic!("each command has a key of its own")
        };
        let event = Event {
            service: "notes",
            aggregate_type: "Note",
            aggregate_id: id.to_owned(),
            kind: "NoteWritten",
            data: json!({ "text": text }),
            deleted: false,
            touches: Vec::new(),
        };
        change.event(&event).await.unwrap();
        change.commit(Value::Null).await.unwrap();
    }

    /// Publishes the event of a note past the outbox of its service.
    pub(crate) async fn publish(&self, id: &str, seq: i64) {
        let data = json!({ "aggregate": "Note", "state": { "text": "fine" } });
        let event = envelope(&format!("{id}-{seq}"), "notes.NoteWritten", id, seq, &data);
        self.send(Topic::events("notes"), id, &event).await;
    }

    /// Answers in the place of the genres that a step of a saga, which was turned back once, is undone.
    pub(crate) async fn reply_undone(&self, saga: &Value, step: &str) {
        let (_, saga) = lms_kit::node::split(saga.as_str().unwrap()).unwrap();
        let state = json!({ "saga": saga, "step": step, "attempt": 1, "generation": 2, "action": "UNDO",
            "outcome": { "outcome": "UNDONE" } });
        let event =
            envelope(step, "genres.StepAnswered", &saga, 1, &json!({ "aggregate": "Reply", "state": state }));
        self.send(Topic::replies("sagas"), &saga, &event).await;
    }

    async fn send(&self, topic: Topic, key: &str, event: &Value) {
        self.around.bus.declare(std::slice::from_ref(&topic), &[]).await.unwrap();
        let message = Outgoing { topic, key: key.to_owned(), id: String::new(), body: event.to_string() };
        self.around.bus.publish(vec![message]).await.pop().unwrap().unwrap();
    }

    /// The data of what the sagas service answers.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = self.sagas.answer(body.as_bytes(), Headers::default()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// The data of what it answers, once this holds of it.
    pub(crate) async fn until(&self, query: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut data = Value::Null;
        for _ in 0..400 {
            data = self.ask(query, json!({})).await;
            if holds(&data) {
                return data;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never came to that: {data}")
    }
}
