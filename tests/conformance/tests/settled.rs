//! What services hold for a saga that was stuck is let go when somebody has settled it by hand.
//!
//! The coordinator is a stand-in, which goes by the library's own machine, and may lose what it asks.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{path::Path, sync::Arc, time::Duration};

use lms_kit::{
    Problem, Service, Sources,
    bus::{LocalBus, Outgoing, SharedBus, Subscription, SubscriptionName, Topic},
    changes::LocalOwners,
    event::{Envelope, OutboxRow},
    idempotency::Command,
    saga::{Action, COORDINATOR, Outcome, Reply},
    service::{Headers, Surroundings},
};
use lms_sagas::{
    definition::{DEFINITIONS, Definition, newest},
    machine::{self, Ask, Beginning, Resolution},
    saga::{Phase, Saga, Status},
};
use octavo_engines::shared;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

const PATIENCE: Duration = Duration::from_mins(3);

/// A service that takes part in sagas, and whoever coordinates them.
struct Site {
    service: Service,
    bus: SharedBus,
    replies: Box<dyn Subscription>,
    listening: JoinHandle<()>,
    _folder: TempDir,
}

impl Site {
    async fn of(open: impl AsyncFnOnce(&Path) -> Service) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = open(folder.path()).await;
        let bus: SharedBus = Arc::new(LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap());
        let replies = SubscriptionName { topic: Topic::replies(COORDINATOR), name: COORDINATOR.into() };
        let commands =
            SubscriptionName { topic: Topic::commands(service.name()), name: service.name().into() };
        let topics = [replies.topic.clone(), commands.topic.clone()];
        bus.declare(&topics, &[replies.clone(), commands]).await.unwrap();
        let replies = bus.subscribe(&replies).await.unwrap();
        let mut around = Surroundings::new(Arc::clone(&bus), Arc::new(LocalOwners::default()));
        around.markers.always = false;
        let listener = service.clone();
        let listening = tokio::spawn(async move { listener.take_part(&around).await });
        Self { service, bus, replies, listening, _folder: folder }
    }

    /// What a field of the graph answers.
    async fn field(&self, query: &str) -> Value {
        let body = json!({ "query": query }).to_string();
        let answer = self.service.answer(body.as_bytes(), Headers::default()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["field"].clone()
    }

    /// Asks the service, and waits for its answer.
    async fn ask(&mut self, ask: &Ask) -> Reply {
        let command = Command::of_saga(&ask.request.saga, None, &Sources::system());
        let OutboxRow { event_id: id, body, .. } = OutboxRow::new(&ask.request.event(), 1, &command);
        let message =
            Outgoing { topic: Topic::commands(ask.service), key: ask.request.saga.clone(), id, body };
        self.bus.publish(vec![message]).await.pop().unwrap().unwrap();
        let delivery = timeout(PATIENCE, self.replies.receive(1)).await.unwrap().unwrap().remove(0);
        self.replies.acknowledge(&[delivery.receipt]).await.unwrap();
        Reply::read(&Envelope::parse(&delivery.body).unwrap()).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A saga, and what is to be asked for it.
struct Run {
    definition: &'static Definition,
    saga: Saga,
    asks: Vec<Ask>,
}

impl Run {
    fn begin(kind: &str, input: Value) -> Self {
        let definition = newest(DEFINITIONS, kind).unwrap();
        let beginning =
            Beginning { id: "the saga".into(), caller: "nobody".into(), traceparent: None, input };
        let (saga, asks) = machine::start(definition, beginning, 0);
        Self { definition, saga, asks }
    }

    /// What is asked of one step, which is asked no more.
    fn taken(&mut self, step: &str) -> Ask {
        let index = self.asks.iter().position(|ask| ask.request.step == step).unwrap();
        self.asks.remove(index)
    }

    fn answer(&mut self, reply: &Reply) {
        self.asks.extend(machine::answer(self.definition, &mut self.saga, reply, 0).unwrap());
    }

    /// Answers in a service's place.
    fn answered(&mut self, step: &str, outcome: Outcome) {
        let request = self.taken(step).request;
        let (saga, step) = (request.saga, request.step);
        let (attempt, generation, action) = (request.attempt, request.generation, request.action);
        self.answer(&Reply { saga, step, attempt, generation, action, outcome });
    }

    /// Nobody answers any more, until the saga is stuck.
    fn until_stuck(&mut self) {
        while let Some(due) = self.saga.due_at() {
            machine::on_time(self.definition, &mut self.saga, due).unwrap();
        }
        assert_eq!(self.saga.phase, Phase::Stuck, "{:?}", self.saga.steps);
        self.asks.clear();
    }

    /// Somebody says that all was done by hand; what services are told then.
    fn settle(&mut self, phase: Phase) -> Vec<Ask> {
        let asks = machine::resolve(self.definition, &mut self.saga, Resolution::Settled, 0).unwrap();
        assert_eq!(self.saga.phase, phase);
        assert!(asks.iter().all(|ask| ask.request.action == Action::Release), "{asks:?}");
        asks
    }
}

fn refused() -> Outcome {
    Outcome::Refused { problem: Some(Problem::invalid(&[], "as the test likes", "it is refused")) }
}

fn done(output: Value) -> Outcome {
    Outcome::Done { output }
}

/// A genre that a saga refers to, and the saga, on one engine.
async fn genre(engine: &str) -> (Site, String, Run) {
    let site = Site::of(async |folder: &Path| {
        let url = match engine {
            "postgres" => shared::postgres_database("genres").await.unwrap(),
            _ => format!("sqlite:{}", folder.join("genres.sqlite").display()),
        };
        lms_genres::open(&url, Sources::system()).await.unwrap()
    });
    let site = site.await;
    let create = "mutation { field: createGenre(name: \"Physics\", idempotencyKey: \"c\") { genre { id } } }";
    let id = site.field(create).await["genre"]["id"].as_str().unwrap().to_owned();
    let input = json!({ "genre": "Physics", "isbn": "9780306406157", "title": "A Book", "authors": [{ "name": "A" }] });
    (site, id, Run::begin("CatalogueBookSaga", input))
}

/// What speaks against deleting the genre: only one that nobody holds goes.
async fn speaks_against(site: &Site, id: &str, key: &str) -> Value {
    let delete = format!(
        "mutation {{ field: deleteGenre(id: \"{id}\", expectedVersion: 1, idempotencyKey: \"{key}\") {{ problems {{ code }} }} }}"
    );
    site.field(&delete).await["problems"].clone()
}

#[tokio::test]
async fn a_saga_that_was_turned_back_by_hand_holds_nothing() {
    for engine in ["sqlite", "postgres"] {
        let (mut site, id, mut run) = genre(engine).await;
        let ensure = run.taken("ensureGenre");
        let reply = site.ask(&ensure).await;
        run.answer(&reply);
        run.answered("proposeAuthor#0", refused());
        run.until_stuck();
        assert_ne!(speaks_against(&site, &id, "1").await, json!([]), "{engine}: the saga holds it");
        for ask in [run.settle(Phase::Compensated), run_again(&run)].concat() {
            site.ask(&ask).await;
        }
        assert_eq!(speaks_against(&site, &id, "2").await, json!([]), "{engine}");
    }
}

/// What was told is told again: messages may come twice.
fn run_again(run: &Run) -> Vec<Ask> {
    let mut saga = run.saga.clone();
    saga.phase = Phase::Stuck;
    for step in &mut saga.steps {
        step.status = if step.by_hand { Status::Failed } else { step.status };
    }
    let asks = machine::resolve(run.definition, &mut saga, Resolution::Settled, 0).unwrap();
    assert!(!asks.is_empty());
    asks
}

#[tokio::test]
async fn a_saga_that_was_completed_by_hand_holds_nothing() {
    for engine in ["sqlite", "postgres"] {
        let (mut site, id, mut run) = genre(engine).await;
        let ensure = run.taken("ensureGenre");
        let reply = site.ask(&ensure).await;
        run.answer(&reply);
        run.answered("proposeAuthor#0", done(json!({ "authorNumber": "1" })));
        run.answered("createBook", done(json!({ "isbn": "9780306406157" })));
        run.answered("activateAuthors", done(json!({ "authorNumbers": ["1"] })));
        run.until_stuck();
        assert_ne!(speaks_against(&site, &id, "1").await, json!([]), "{engine}: the saga holds it");
        let told = run.settle(Phase::Completed);
        let services: Vec<_> = told.iter().map(|ask| ask.service).collect();
        assert_eq!(services, ["genres", "authors"], "{engine}: all that may hold something");
        site.ask(&told[0]).await;
        assert_eq!(speaks_against(&site, &id, "2").await, json!([]), "{engine}");
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_saga_was_settled_takes_nothing() {
    for engine in ["sqlite", "postgres"] {
        let (mut site, id, mut run) = genre(engine).await;
        let late = run.taken("ensureGenre");
        run.answered("proposeAuthor#0", refused());
        run.until_stuck();
        for ask in run.settle(Phase::Compensated) {
            site.ask(&ask).await;
        }
        assert!(matches!(site.ask(&late).await.outcome, Outcome::Refused { .. }), "{engine}");
        assert_eq!(speaks_against(&site, &id, "1").await, json!([]), "{engine}");
    }
}

#[tokio::test]
async fn a_students_place_is_free_when_its_saga_was_settled() {
    for engine in ["sqlite", "mongodb"] {
        let site = Site::of(async |folder: &Path| {
            let url = match engine {
                "mongodb" => shared::mongo_database("students").unwrap(),
                _ => format!("sqlite:{}", folder.join("students.sqlite").display()),
            };
            lms_students::open(&url, Sources::system()).await.unwrap()
        });
        let mut site = site.await;
        let register = "mutation { field: registerStudent(name: \"Ada\", birthDate: \"2001-02-03\", phone: \"912345678\",
            gdprConsent: true, idempotencyKey: \"r\") { student { studentNumber } } }";
        let number = site.field(register).await["student"]["studentNumber"].as_str().unwrap().to_owned();
        let mut run = Run::begin("LendBookSaga", json!({ "studentNumber": number, "isbn": "9780306406157" }));
        let reserve = run.taken("reserveSlot");
        let reply = site.ask(&reserve).await;
        run.answer(&reply);
        run.answered("openLending", refused());
        run.until_stuck();
        let loans = format!("{{ field: student(studentNumber: \"{number}\") {{ openLoans }} }}");
        assert_eq!(site.field(&loans).await["openLoans"], 1, "{engine}");
        for ask in run.settle(Phase::Compensated) {
            site.ask(&ask).await;
        }
        assert_eq!(site.field(&loans).await["openLoans"], 0, "{engine}");
    }
}
