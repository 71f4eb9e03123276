//! A lendings service with a bus, a clock that a test turns, and stand-ins for whoever it hears.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lms_kit::{
    Service, Sources,
    bus::{LocalBus, Outgoing, SharedBus, Subscription, SubscriptionName, Topic},
    changes::{Owners, Page},
    event::{Envelope, Event, OutboxRow, Touch},
    idempotency::Command,
    inbox::LoadError,
    saga::{Action, COORDINATOR, Outcome, Owner, Reply, Request},
    service::{Headers, Surroundings},
    sources::Clock,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

/// The engines, each of which every test runs on.
pub(crate) const ENGINES: [&str; 2] = ["sqlite", "postgres"];
/// When a test begins, in ms.
pub(crate) const BEGINNING: i64 = 1_767_225_600_000;
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const PATIENCE: Duration = Duration::from_mins(3);

/// A clock that stands until a test turns it.
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What books and students tell whoever asks for their state.
#[derive(Default)]
pub(crate) struct Told(Mutex<Option<Vec<(&'static str, String)>>>);

impl Told {
    /// From now on the owners answer, each with these of its events.
    pub(crate) fn answers(&self, events: &[(&'static str, String)]) {
        *self.0.lock().unwrap() = Some(events.to_vec());
    }
}

#[async_trait]
impl Owners for Told {
    async fn changes(&self, owner: &str, from: Option<&str>, limit: u32) -> Result<Page, LoadError> {
        let told = self.0.lock().unwrap().clone().ok_or_else(|| LoadError::Owner("it is away".into()))?;
        let of_owner = told.into_iter().filter(|(named, _)| *named == owner).map(|(_, body)| body);
        let skipped: usize = from.map_or(0, |place| place.parse().unwrap());
        let changes: Vec<String> = of_owner.skip(skipped).take(limit as usize).collect();
        let next = (changes.len() == limit as usize).then(|| (skipped + changes.len()).to_string());
        Ok(Page { changes, next })
    }

    async fn change_of(&self, _owner: &str, _stream: &str) -> Result<Option<String>, LoadError> {
        Ok(None)
    }
}

/// The service, its bus, and whoever speaks on it.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) told: Arc<Told>,
    hands: Arc<Hands>,
    bus: SharedBus,
    service: Service,
    replies: Box<dyn Subscription>,
    listening: JoinHandle<()>,
    asked: u32,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn of(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            "postgres" => octavo_engines::shared::postgres_database("lendings").await.unwrap(),
            _ => sqlite(folder.path(), "lendings"),
        };
        let bus: SharedBus = Arc::new(LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap());
        let replies = SubscriptionName { topic: Topic::replies(COORDINATOR), name: "test".into() };
        let topics = [Topic::events("books"), Topic::events("students"), Topic::commands("lendings")];
        bus.declare(&topics, &[]).await.unwrap();
        bus.declare(&[Topic::replies(COORDINATOR)], std::slice::from_ref(&replies)).await.unwrap();
        let replies = bus.subscribe(&replies).await.unwrap();
        let hands = Arc::new(Hands(AtomicI64::new(BEGINNING)));
        let sources = Sources { clock: Arc::clone(&hands) as _, ..Sources::system() };
        let service = lms_lendings::open(&url, sources).await.unwrap();
        let told = Arc::new(Told::default());
        let mut around = Surroundings::new(Arc::clone(&bus), Arc::clone(&told) as _);
        // Whoever reads its replies here knows no markers.
        around.markers.always = false;
        let listener = service.clone();
        let listening = tokio::spawn(async move { listener.take_part(&around).await });
        Self { url, told, hands, bus, service, replies, listening, asked: 0, _folder: folder }
    }

    pub(crate) fn turn_clock(&self, by_ms: i64) {
        self.hands.0.fetch_add(by_ms, Ordering::SeqCst);
    }

    pub(crate) async fn ask_as(&self, caller: Headers, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        serde_json::from_slice(&self.service.answer(body.as_bytes(), caller).await).unwrap()
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let answer = self.ask_as(Headers::default(), query).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    pub(crate) async fn publish(&self, topic: Topic, bodies: Vec<String>) {
        let message = |body: String| {
            let event = Envelope::parse(body.as_bytes()).unwrap();
            Outgoing { topic: topic.clone(), key: event.subject.clone(), id: event.id, body }
        };
        for result in self.bus.publish(bodies.into_iter().map(message).collect()).await {
            result.unwrap();
        }
    }

    /// Asks for a step of a saga of its own, and waits for the answer.
    pub(crate) async fn step(&mut self, operation: &str, input: Value) -> Outcome {
        self.request(operation, input).await;
        self.reply().await
    }

    pub(crate) async fn request(&mut self, operation: &str, input: Value) {
        self.asked += 1;
        let request = Request {
            saga: format!("saga {}", self.asked),
            step: "step".to_owned(),
            attempt: 1,
            generation: 1,
            action: Action::Do,
            operation: operation.to_owned(),
            input,
            owner: Owner::Nobody,
        };
        let command = Command::of_saga(&request.saga, None, &Sources::system());
        let row = OutboxRow::new(&request.event(), 1, &command);
        self.publish(Topic::commands("lendings"), vec![row.body]).await;
    }

    pub(crate) async fn reply(&mut self) -> Outcome {
        self.reply_within(PATIENCE).await.unwrap()
    }

    pub(crate) async fn reply_within(&mut self, limit: Duration) -> Option<Outcome> {
        let received = timeout(limit, self.replies.receive(1)).await.ok()?.unwrap().remove(0);
        self.replies.acknowledge(&[received.receipt]).await.unwrap();
        let event = Envelope::parse(&received.body).unwrap();
        Some(Reply::read(&event).unwrap().outcome)
    }

    /// What a step that is done came to.
    pub(crate) async fn done(&mut self, operation: &str, input: Value) -> Value {
        match self.step(operation, input).await {
            Outcome::Done { output } => output,
            other => panic!("{operation}: {other:?}"),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

pub(crate) fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(format!("{name}.sqlite")).display())
}

/// What books say of a book, as the `seq`th of it.
pub(crate) fn book(isbn: &str, title: &str, seq: i64, gone: bool) -> String {
    let data = json!({ "book": { "isbn": isbn, "title": title, "version": seq }, "author_numbers": [1] });
    let kind = if gone { "BookRemoved" } else { "BookChanged" };
    said("books", ("Book", isbn), (kind, seq), data, gone, Vec::new())
}

/// What students say of a student, whose account may be this.
pub(crate) fn student(number: &str, user_id: Option<&str>) -> String {
    let touch = |id: &str| Touch::new("User", ("id", id), "students");
    let touches = user_id.map(touch).into_iter().collect();
    let data = json!({ "studentNumber": number, "openLoans": 0, "version": 1, "userId": user_id });
    said("students", ("Student", number), ("StudentRegistered", 1), data, false, touches)
}

fn said(
    service: &'static str,
    (aggregate_type, id): (&'static str, &str),
    (kind, seq): (&'static str, i64),
    data: Value,
    deleted: bool,
    touches: Vec<Touch>,
) -> String {
    let aggregate_id = id.to_owned();
    let event = Event { service, aggregate_type, aggregate_id, kind, data, deleted, touches };
    OutboxRow::new(&event, seq, &Command::of_saga("none", None, &Sources::system())).body
}
