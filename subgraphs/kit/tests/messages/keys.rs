//! A command's key: one effect and one answer for a day, also when two ask at once.

use std::sync::Arc;

use lms_kit::{
    Sources,
    access::Caller,
    change::{Begun, Change},
    idempotency::{Call, Command, KEPT_MS},
    sources::Clock,
};
use serde_json::{Value, json};

use crate::world::{Database, ENGINES};

/// A clock that stands.
struct Standing(i64);

impl Clock for Standing {
    fn now_ms(&self) -> i64 {
        self.0
    }
}

#[tokio::test]
async fn a_key_answers_for_a_day_and_is_new_afterwards() {
    for engine in ENGINES {
        let notes = Database::of(engine).await;
        assert_eq!(asked(&notes, 0, &json!(1), "first").await, None, "{engine}");
        let last = KEPT_MS - 1;
        assert_eq!(asked(&notes, last, &json!(1), "again").await, Some(json!("first")), "{engine}");
        assert_eq!(asked(&notes, KEPT_MS, &json!(2), "second").await, None, "{engine}: its time is over");
        let after = asked(&notes, KEPT_MS + 1, &json!(2), "again").await;
        assert_eq!(after, Some(json!("second")), "{engine}: it is kept for another day");
    }
}

/// SQLite has one writer at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_with_one_key_the_second_has_the_answer_of_the_first() {
    let notes = Arc::new(Database::of("postgres").await);
    let first = command(0, &Value::Null);
    let Begun::Fresh(change) = Change::begin::<Value>(&notes.db, &first).await.unwrap() else {
        panic!("it is new")
    };
    let second = tokio::spawn({
        let notes = Arc::clone(&notes);
        async move { asked(&notes, 1, &Value::Null, "second").await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!second.is_finished(), "it waits for the first");
    change.commit(json!("first")).await.unwrap();
    assert_eq!(second.await.unwrap(), Some(json!("first")));
}

/// Does the command at a time; the answer of an earlier one with its key, if there was one.
async fn asked(notes: &Database, now_ms: i64, input: &Value, result: &str) -> Option<Value> {
    let command = command(now_ms, input);
    match Change::begin::<Value>(&notes.db, &command).await.unwrap() {
        Begun::Before(result) => Some(result),
        Begun::Fresh(change) => {
            change.commit(json!(result)).await.unwrap();
            None
        }
    }
}

fn command(now_ms: i64, input: &Value) -> Command {
    let sources = Sources { clock: Arc::new(Standing(now_ms)), ..Sources::system() };
    let call = Call { caller: Caller::Anonymous, traceparent: None, sources };
    Command::new(&call, "write", "0190f3c2-6f6b-7c3a-8d5e-2f1a0b9c8d7e", input).unwrap()
}
