//! A step of a saga happens once, whatever is asked of it, how often, and by how many at once.

use std::sync::Arc;

use async_trait::async_trait;
use lms_kit::{
    Problem, Sources,
    event::Envelope,
    idempotency::Command,
    inbox::Handler,
    saga::{Act, ActError, Action, Outcome, Participant, Reply, Request, StepTx, Steps},
    sql::{Sql, Tx},
};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::world::{Database, ENGINES};

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
}

fn request(action: Action, generation: u32, input: Value) -> Request {
    let (saga, step, operation) = ("saga".to_owned(), "step".to_owned(), "note".to_owned());
    Request { saga, step, attempt: 1, generation, action, operation, input }
}

/// The message of a request, as it comes from the bus.
async fn message(db: &Database, request: &Request) -> Envelope {
    let command = Command::of_saga("saga", None, &Sources::system());
    let mut tx = db.db.begin().await.unwrap();
    tx.say(&request.event(), None, &command).await.unwrap();
    let body = "SELECT body FROM outbox WHERE aggregate_type = 'Command' ORDER BY seq DESC";
    let body = tx.row(&Sql::new(body)).await.unwrap().unwrap();
    Envelope::parse(body.text("body").unwrap().as_bytes()).unwrap()
}

/// Applies a request, and says what was answered.
async fn asked(db: &Database, request: &Request) -> Outcome {
    let steps = Steps::new("notes", Notes, Sources::system());
    let message = message(db, request).await;
    let mut tx = db.db.begin().await.unwrap();
    steps.apply(&mut tx, &message).await.unwrap();
    let reply = "SELECT body FROM outbox WHERE aggregate_type = 'Reply' ORDER BY seq DESC";
    let reply = tx.row(&Sql::new(reply)).await.unwrap().unwrap().text("body").unwrap();
    tx.commit().await.unwrap();
    Reply::read(&Envelope::parse(reply.as_bytes()).unwrap()).unwrap().outcome
}

async fn notes(db: &Database) -> i64 {
    let count = db.db.row(&Sql::new("SELECT COUNT(*) AS n FROM notes")).await.unwrap();
    count.unwrap().int("n").unwrap()
}

#[tokio::test]
async fn each_order_of_requests_comes_to_one_outcome() {
    use Action::{Abandon, Do, Undo};
    let refused = Outcome::Refused { problem: None };
    for engine in ENGINES {
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
        ] {
            let db = Database::of(engine).await;
            let mut answer = refused.clone();
            for action in actions {
                answer = asked(&db, &request(*action, 1, Value::Null)).await;
            }
            match last {
                Some(last) => assert_eq!(answer, last, "{engine}: {actions:?}"),
                None => assert!(matches!(answer, Outcome::Done { .. }), "{engine}: {actions:?}: {answer:?}"),
            }
            assert_eq!(notes(&db).await, left, "{engine}: {actions:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_stays_until_a_later_generation_asks() {
    for engine in ENGINES {
        let db = Database::of(engine).await;
        let refusing = request(Action::Do, 1, json!({ "refused": true }));
        assert!(matches!(asked(&db, &refusing).await, Outcome::Refused { problem: Some(_) }), "{engine}");
        assert_eq!(notes(&db).await, 0, "{engine}: what it wrote is taken back");
        let same = asked(&db, &request(Action::Do, 1, Value::Null)).await;
        assert!(matches!(same, Outcome::Refused { problem: Some(_) }), "{engine}: {same:?}");
        let later = asked(&db, &request(Action::Do, 2, Value::Null)).await;
        assert!(matches!(later, Outcome::Done { .. }), "{engine}: {later:?}");
        assert_eq!(notes(&db).await, 1, "{engine}");
    }
}

/// Two replicas are asked at the same moment; neither has seen anything of the step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_do_a_step_once() {
    for second in [Action::Do, Action::Undo, Action::Abandon] {
        for _ in 0..10 {
            let (db, start) = (Arc::new(Database::of("postgres").await), Arc::new(Barrier::new(2)));
            let replicas: Vec<_> = [Action::Do, second]
                .into_iter()
                .map(|action| {
                    let (db, start) = (Arc::clone(&db), Arc::clone(&start));
                    tokio::spawn(async move {
                        start.wait().await;
                        asked(&db, &request(action, 1, Value::Null)).await
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for replica in replicas {
                answers.push(replica.await.unwrap());
            }
            let is_done = |answer: &Outcome| matches!(answer, Outcome::Done { .. });
            let left = i64::from(answers.iter().any(is_done) && answers[1] != Outcome::Undone);
            assert_eq!(notes(&db).await, left, "{second:?}: {answers:?}");
            if second == Action::Do {
                assert!(answers.iter().all(is_done), "{answers:?}");
            }
            if second == Action::Abandon {
                assert_eq!(is_done(&answers[0]), is_done(&answers[1]), "both say the same: {answers:?}");
            }
        }
    }
}
