//! What lendings ask of students, by requests over a bus, on each of the service's engines.

use serde_json::{Value, json};

use crate::{
    coordinator::{Coordinator, Site},
    library::{Engine, isbn},
};
use lms_kit::saga::Action::{Abandon, Do, Undo};

/// The student's places, log and comments.
const STUDENT: &str = "query($number: ID!) { student(studentNumber: $number) { version openLoans
    activity { edges { node { kind book { isbn } } } } comments { edges { node { comment lendingNumber } } } } }";

const LENDINGS: &str = "query($all: [_Any!]!) { _entities(representations: $all) {
    ... on Lending { lendingNumber comment { id comment grade lendingNumber version book { isbn } } }
    ... on Book { averageGrade comments { edges { node { grade } } } } } }";

/// What a saga says when it asks for a place.
fn place(number: &str, at: i64) -> Value {
    json!({ "studentNumber": number, "at": at })
}

fn lent(number: &str, lending: &str, due_at: i64) -> Value {
    json!({ "studentNumber": number, "lendingNumber": lending, "isbn": isbn(1), "title": "A Book",
        "dueAt": due_at })
}

fn comment(number: &str, lending: &str, text: &str, grade: i32) -> Value {
    json!({ "studentNumber": number, "lendingNumber": lending, "isbn": isbn(1), "comment": text, "grade": grade })
}

impl Site {
    async fn state(&self, number: &str) -> Value {
        self.library.data(STUDENT, json!({ "number": number })).await["student"].clone()
    }

    async fn open_loans(&self, number: &str) -> i64 {
        self.state(number).await["openLoans"].as_i64().unwrap()
    }

    /// A saga that lends a book.
    async fn lend(&self, saga: &str, number: &str, lending: &str, due_at: i64) {
        let reserved = self.ask(saga, "reserve", "reserveSlot", Do, &place(number, 0)).await;
        assert_eq!(reserved["outcome"], "DONE", "{reserved}");
        let confirmed = self.ask(saga, "confirm", "confirmSlot", Do, &lent(number, lending, due_at)).await;
        assert_eq!((&confirmed["outcome"], &confirmed["output"]), (&json!("DONE"), &json!({})));
    }
}

#[tokio::test]
async fn a_book_is_lent_and_brought_back() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        let reserved = site.ask("s", "reserve", "reserveSlot", Do, &place(&number, 0)).await;
        assert_eq!(reserved["output"], json!({ "studentNumber": number }), "{engine:?}");
        assert_eq!(site.open_loans(&number).await, 1, "{engine:?}: it is taken before the book is lent");
        site.lend("s", &number, "7", 100).await;
        let released = json!({ "studentNumber": number, "lendingNumber": "7", "isbn": isbn(1) });
        for saga in ["back", "back", "again"] {
            let answer = site.ask(saga, "release", "releaseSlot", Do, &released).await;
            assert_eq!((&answer["outcome"], &answer["output"]), (&json!("DONE"), &json!({})), "{engine:?}");
        }
        let state = site.state(&number).await;
        assert_eq!((&state["openLoans"], &state["version"]), (&json!(0), &json!(1)), "{engine:?}");
        let entry = |kind: &str, book: Value| json!({ "node": { "kind": kind, "book": book } });
        let log = json!([
            entry("BOOK_RETURNED", json!({ "isbn": isbn(1) })),
            entry("BOOK_LENT", json!({ "isbn": isbn(1) })),
            entry("REGISTERED", Value::Null),
        ]);
        assert_eq!(state["activity"]["edges"], log, "{engine:?}: each once");
        let events = site.events_of("Student", 4).await;
        let events: Vec<_> = events.iter().map(|event| (event.what().to_owned(), event.seq)).collect();
        let said = ["StudentRegistered", "SlotReserved", "BookLent", "BookReturned"].map(str::to_owned);
        assert_eq!(events, said.into_iter().zip(1..).collect::<Vec<_>>(), "{engine:?}");
    }
}

#[tokio::test]
async fn what_is_asked_twice_late_or_in_another_order_comes_to_one_outcome() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        let input = place(&number, 0);
        let reserve = async |saga: &str, action| {
            let operation = if action == Undo { "freeSlot" } else { "reserveSlot" };
            site.ask(saga, "reserve", operation, action, &input).await["outcome"].clone()
        };
        assert_eq!((reserve("twice", Do).await, reserve("twice", Do).await), (json!("DONE"), json!("DONE")));
        assert_eq!(site.open_loans(&number).await, 1, "{engine:?}");
        let other_step = site.ask("twice", "reserve too", "reserveSlot", Do, &input).await;
        assert_eq!(other_step["outcome"], "DONE", "{engine:?}");
        assert_eq!(site.open_loans(&number).await, 1, "{engine:?}: one place for each saga");
        assert_eq!(reserve("twice", Abandon).await, "DONE", "{engine:?}: it was done");
        assert_eq!(reserve("twice", Undo).await, "UNDONE", "{engine:?}");
        assert_eq!(site.open_loans(&number).await, 0, "{engine:?}");
        assert_eq!(reserve("twice", Do).await, "REFUSED", "{engine:?}: never after its undo");
        assert_eq!(
            (reserve("early", Undo).await, reserve("early", Do).await),
            (json!("UNDONE"), json!("REFUSED"))
        );
        assert_eq!(
            (reserve("given up", Abandon).await, reserve("given up", Do).await),
            (json!("REFUSED"), json!("REFUSED"))
        );
        assert_eq!(site.open_loans(&number).await, 0, "{engine:?}");
    }
}

#[tokio::test]
async fn a_place_is_refused_for_a_reason() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        let refused = async |saga: &str, number: &str, at| {
            let answer = site.ask(saga, "reserve", "reserveSlot", Do, &place(number, at)).await;
            assert_eq!(answer["outcome"], "REFUSED", "{answer}");
            let problem = &answer["problem"];
            assert_eq!(problem["path"], json!(["studentNumber"]), "{problem}");
            (problem["code"].as_str().unwrap().to_owned(), problem["rule"].clone())
        };
        // Nobody there, and it stays so when somebody comes.
        let nobody = refused("nobody", "2023/2", 0).await;
        assert_eq!(nobody, ("NOT_FOUND".to_owned(), Value::Null), "{engine:?}");
        assert_eq!(site.library.student("Rui").await, "2023/2");
        assert_eq!(refused("nobody", "2023/2", 0).await.0, "NOT_FOUND", "{engine:?}");

        site.lend("one", &number, "1", 50).await;
        let late = refused("late", &number, 51).await;
        assert_eq!(late, ("INVALID".to_owned(), json!("no lending is overdue")), "{engine:?}");
        site.lend("two", &number, "2", 50).await;
        site.ask("three", "reserve", "reserveSlot", Do, &place(&number, 50)).await;
        let fourth = refused("four", &number, 50).await;
        assert_eq!(fourth, ("INVALID".to_owned(), json!("at most 3 open loans")), "{engine:?}");
        let unkept = site.ask("unkept", "confirm", "confirmSlot", Do, &lent(&number, "9", 50)).await;
        assert_eq!(unkept["problem"]["code"], "NOT_FOUND", "{engine:?}");
        assert_eq!(site.open_loans(&number).await, 3, "{engine:?}");
    }
}

/// Eight sagas ask at once, of two replicas, with each request twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_places_are_taken_at_once_than_there_are() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        site.add_replica().await;
        let number = site.library.student("Ana").await;
        let sagas: Vec<String> = (0..8).map(|number| format!("saga {number}")).collect();
        let mut asked = Vec::new();
        for _ in 0..2 {
            for saga in &sagas {
                asked.push(site.send(saga, "reserve", "reserveSlot", Do, &place(&number, 0)).await);
            }
        }
        let mut done = std::collections::BTreeMap::new();
        for request in &asked {
            let answer = site.answer(request).await;
            let before = done.insert(request.saga.clone(), answer["outcome"].clone());
            assert!(
                before.is_none_or(|before| before == answer["outcome"]),
                "{engine:?}: the same both times"
            );
        }
        assert_eq!(done.values().filter(|outcome| **outcome == "DONE").count(), 3, "{engine:?}: {done:?}");
        assert_eq!(site.open_loans(&number).await, 3, "{engine:?}");
    }
}

#[tokio::test]
async fn a_lending_has_one_comment() {
    let delete = "mutation($id: ID!) { deleteComment(id: $id, expectedVersion: 1, idempotencyKey: \"d\") {
        problems { code } } }";
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        site.library.comment(&number, &isbn(1), 2, "direct").await;
        let say =
            async |saga: &str, input: Value| site.ask(saga, "comment", "addLendingComment", Do, &input).await;
        for (saga, input, code, path) in [
            ("long", comment(&number, "7", &"x".repeat(4097), 8), "INVALID", "comment"),
            ("grade", comment(&number, "7", "good", 11), "INVALID", "grade"),
            ("nobody", comment("2023/9", "7", "good", 8), "NOT_FOUND", "studentNumber"),
        ] {
            let refused = &say(saga, input).await["problem"];
            assert_eq!((&refused["code"], &refused["path"]), (&json!(code), &json!([path])), "{engine:?}");
        }
        let all = json!([{ "__typename": "Lending", "lendingNumber": "7" }, { "__typename": "Book", "isbn": isbn(1) }]);
        let ask = async || site.library.data(LENDINGS, json!({ "all": all })).await["_entities"].clone();
        assert_eq!(ask().await[0]["comment"], Value::Null, "{engine:?}: a refusal says nothing");

        let said = say("said", comment(&number, "7", " good ", 8)).await;
        assert_eq!(said["output"], json!({ "commentId": "lending:7" }), "{engine:?}");
        assert_eq!(
            say("said", comment(&number, "7", " good ", 8)).await["output"],
            said["output"],
            "{engine:?}"
        );
        let found = ask().await;
        let id = lms_kit::node::global("Comment", "lending:7");
        let made = json!({ "id": id, "comment": "good", "grade": 8, "lendingNumber": "7", "version": 1,
            "book": { "isbn": isbn(1) } });
        assert_eq!(found[0], json!({ "lendingNumber": "7", "comment": made }), "{engine:?}");
        assert_eq!(found[1]["averageGrade"], 5.0, "{engine:?}: with the one that was added directly");
        assert_eq!(
            found[1]["comments"]["edges"],
            json!([{ "node": { "grade": 8 } }, { "node": { "grade": 2 } }])
        );
        let comments = site.state(&number).await["comments"]["edges"].clone();
        let node = |comment: &str, lending: Value| json!({ "node": { "comment": comment, "lendingNumber": lending } });
        assert_eq!(comments, json!([node("good", json!("7")), node("2 of ten", Value::Null)]), "{engine:?}");
        let twice = &say("other", comment(&number, "7", "bad", 0)).await["problem"];
        assert_eq!(
            (&twice["code"], &twice["path"]),
            (&json!("DUPLICATE"), &json!(["lendingNumber"])),
            "{engine:?}"
        );
        let changes = site.events_of("Comment", 2).await;
        assert_eq!(changes.last().unwrap().data.state["lendingNumber"], "7", "{engine:?}");

        // Taken back, it may be said again.
        let deleted = site.library.data(delete, json!({ "id": id })).await;
        assert_eq!(deleted["deleteComment"]["problems"], json!([]), "{engine:?}");
        assert_eq!(ask().await[1]["averageGrade"], 2.0, "{engine:?}");
        say("anew", comment(&number, "7", "fair", 6)).await;
        let anew = ask().await[0]["comment"].clone();
        assert_eq!((&anew["comment"], &anew["version"]), (&json!("fair"), &json!(3)), "{engine:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        site.send("s", "unknown", "lendMoney", Do, &place(&number, 0)).await;
        site.send("s", "unread", "reserveSlot", Do, &json!({ "studentNumber": number })).await;
        assert_eq!(site.ask("t", "reserve", "reserveSlot", Do, &place(&number, 0)).await["outcome"], "DONE");
        let mut reasons = Coordinator::reasons(&site.library, 2).await;
        reasons.sort();
        assert!(reasons[0].contains("the input of reserveSlot cannot be read"), "{engine:?}: {reasons:?}");
        assert!(reasons[1].contains("there is no operation `lendMoney`"), "{engine:?}: {reasons:?}");
    }
}
