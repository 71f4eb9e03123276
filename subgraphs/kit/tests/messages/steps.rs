//! A step of a saga happens once, whatever is asked of it, how often, and by how many at once.

use std::sync::Arc;

use async_trait::async_trait;
use lms_kit::{
    Problem, Sources,
    event::Envelope,
    idempotency::Command,
    inbox::Handler,
    saga::{Act, ActError, Action, Effects, Outcome, Owner, Participant, Reply, Request, StepTx, Steps},
    sql::{Sql, Tx},
};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::{
    shelf,
    shelf_steps::{Kept, Made},
    world::{Database, ENGINES},
};

/// Writes a note for each time that it is done, and takes it back; refuses a step that is told to be refused.
struct Notes;

#[async_trait]
impl Participant<Tx> for Notes {
    async fn act(&self, tx: &mut Tx, act: Act<'_>) -> Result<Value, ActError> {
        let id = act.command.sources.ids.next_id().to_string();
        tx.run(&Sql::new("INSERT INTO notes (id, value) VALUES ($1, 1)").bind(&id)).await?;
        if act.input["refused"] == true {
            // What was written before is taken back.
            return Err(Problem::invalid(&["input"], "not refused", "it is told to be").into());
        }
        Ok(json!(id))
    }

    async fn undo(&self, tx: &mut Tx, _: Act<'_>, output: &Value) -> Result<(), ActError> {
        let delete = Sql::new("DELETE FROM notes WHERE id = $1").bind(output.as_str().unwrap_or_default());
        tx.run(&delete).await?;
        Ok(())
    }

    async fn release(&self, tx: &mut Tx, act: Act<'_>, output: &Value) -> Result<(), ActError> {
        self.undo(tx, act, output).await
    }
}

pub(crate) fn request(action: Action, generation: u32, input: Value) -> Request {
    let (saga, step, operation) = ("saga".to_owned(), "step".to_owned(), "note".to_owned());
    Request { saga, step, attempt: 1, generation, action, operation, input, owner: Owner::Nobody }
}

/// The message of a request, as it comes from the bus.
pub(crate) async fn message(db: &Database, request: &Request) -> Envelope {
    let command = Command::of_saga("saga", None, &Sources::system());
    let mut tx = db.db.begin().await.unwrap();
    tx.say(&request.event(), None, &command).await.unwrap();
    let body = "SELECT body FROM outbox WHERE aggregate_type = 'Command' ORDER BY seq DESC";
    let body = tx.row(&Sql::new(body)).await.unwrap().unwrap();
    Envelope::parse(body.text("body").unwrap().as_bytes()).unwrap()
}

/// A service that is asked for steps, on one kind of engine.
pub(crate) trait Doing: Sized + Send + Sync + 'static {
    /// With a database of its own on this engine.
    async fn of(engine: &str) -> Self;

    /// Applies a request, and says what was answered.
    fn asked(&self, request: &Request) -> impl Future<Output = Outcome> + Send;

    /// How many notes there are.
    async fn notes(&self) -> i64;

    /// Where it is kept what was done.
    fn effects(&self) -> impl Effects + 'static;
}

impl Doing for Database {
    async fn of(engine: &str) -> Self {
        Self::of(engine).await
    }

    async fn asked(&self, request: &Request) -> Outcome {
        let steps = Steps::new("notes", Notes, Sources::system());
        let message = message(self, request).await;
        let mut tx = self.db.begin().await.unwrap();
        steps.apply(&mut tx, &message).await.unwrap();
        let reply = "SELECT body FROM outbox WHERE aggregate_type = 'Reply' ORDER BY seq DESC";
        let reply = tx.row(&Sql::new(reply)).await.unwrap().unwrap().text("body").unwrap();
        tx.commit().await.unwrap();
        Reply::read(&Envelope::parse(reply.as_bytes()).unwrap()).unwrap().outcome
    }

    async fn notes(&self) -> i64 {
        let count = self.db.row(&Sql::new("SELECT COUNT(*) AS n FROM notes")).await.unwrap();
        count.unwrap().int("n").unwrap()
    }

    fn effects(&self) -> impl Effects + 'static {
        self.db.clone()
    }
}

/// Runs a test that is generic over [`Doing`] on each engine of each kind.
macro_rules! on_each_engine {
    ($test:ident) => {
        for engine in ENGINES {
            $test::<Database>(engine).await;
        }
        for engine in shelf::ENGINES {
            $test::<Kept>(engine).await;
            $test::<Made>(engine).await;
        }
    };
}

#[tokio::test]
async fn each_order_of_requests_comes_to_one_outcome() {
    on_each_engine!(each_order_of_requests_comes_to_one_outcome_on);
}

async fn each_order_of_requests_comes_to_one_outcome_on<D: Doing>(engine: &str) {
    use Action::{Abandon, Do, Release, Undo};
    let refused = Outcome::Refused { problem: None };
    // What is asked, the last answer (`None`: done), and how many notes there are then.
    for (actions, last, left) in [
        (&[Do, Do][..], None, 1),
        (&[Do, Undo], Some(Outcome::Undone), 0),
        (&[Do, Undo, Undo], Some(Outcome::Undone), 0),
        (&[Undo, Do], Some(refused.clone()), 0),
        (&[Do, Undo, Do], Some(refused.clone()), 0),
        (&[Abandon, Do], Some(refused.clone()), 0),
        (&[Abandon], Some(refused.clone()), 0),
        (&[Do, Abandon], None, 1),
        (&[Do, Release], None, 0),
        (&[Do, Release, Release, Do], None, 0),
        (&[Release, Do], Some(refused.clone()), 0),
        (&[Undo, Release], Some(Outcome::Undone), 0),
        (&[Do, Undo, Release], Some(Outcome::Undone), 0),
    ] {
        let db = D::of(engine).await;
        let mut answer = refused.clone();
        for action in actions {
            answer = db.asked(&request(*action, 1, Value::Null)).await;
        }
        match last {
            Some(last) => assert_eq!(answer, last, "{engine}: {actions:?}"),
            None => assert!(matches!(answer, Outcome::Done { .. }), "{engine}: {actions:?}: {answer:?}"),
        }
        assert_eq!(db.notes().await, left, "{engine}: {actions:?}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_stays_until_a_later_generation_asks() {
    on_each_engine!(a_refusal_leaves_nothing_and_stays_until_a_later_generation_asks_on);
}

async fn a_refusal_leaves_nothing_and_stays_until_a_later_generation_asks_on<D: Doing>(engine: &str) {
    let db = D::of(engine).await;
    let refusing = request(Action::Do, 1, json!({ "refused": true }));
    assert!(matches!(db.asked(&refusing).await, Outcome::Refused { problem: Some(_) }), "{engine}");
    assert_eq!(db.notes().await, 0, "{engine}: what it wrote is taken back");
    let same = db.asked(&request(Action::Do, 1, Value::Null)).await;
    assert!(matches!(same, Outcome::Refused { problem: Some(_) }), "{engine}: {same:?}");
    let later = db.asked(&request(Action::Do, 2, Value::Null)).await;
    assert!(matches!(later, Outcome::Done { .. }), "{engine}: {later:?}");
    assert_eq!(db.notes().await, 1, "{engine}");
}

/// Two replicas are asked at the same moment; neither has seen anything of the step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_do_a_step_once() {
    two_replicas_do_a_step_once_on::<Database>("postgres").await;
    for engine in shelf::ENGINES {
        two_replicas_do_a_step_once_on::<Kept>(engine).await;
        two_replicas_do_a_step_once_on::<Made>(engine).await;
    }
}

async fn two_replicas_do_a_step_once_on<D: Doing>(engine: &str) {
    for second in [Action::Do, Action::Undo, Action::Abandon] {
        for _ in 0..10 {
            let (db, start) = (Arc::new(D::of(engine).await), Arc::new(Barrier::new(2)));
            let replicas: Vec<_> = [Action::Do, second]
                .into_iter()
                .map(|action| {
                    let (db, start) = (Arc::clone(&db), Arc::clone(&start));
                    tokio::spawn(async move {
                        start.wait().await;
                        db.asked(&request(action, 1, Value::Null)).await
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for replica in replicas {
                answers.push(replica.await.unwrap());
            }
            let is_done = |answer: &Outcome| matches!(answer, Outcome::Done { .. });
            let left = i64::from(answers.iter().any(is_done) && answers[1] != Outcome::Undone);
            assert_eq!(db.notes().await, left, "{second:?}: {answers:?}");
            if second == Action::Do {
                assert!(answers.iter().all(is_done), "{answers:?}");
            }
            if second == Action::Abandon {
                assert_eq!(is_done(&answers[0]), is_done(&answers[1]), "both say the same: {answers:?}");
            }
        }
    }
}
