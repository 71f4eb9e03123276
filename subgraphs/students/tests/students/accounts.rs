//! Students who come with an account, and students who are erased, by requests over a bus, on each of the service's
//! engines.

use std::time::Duration;

use lms_kit::saga::Action::{Abandon, Do, Undo};
use serde_json::{Value, json};

use crate::{
    coordinator::Site,
    library::{Engine, UPDATE, isbn},
};

const ALL: &str =
    "{ students { edges { node { studentNumber name user { id } activity { edges { node { kind } } } } } } }";

fn particulars(name: &str, born: &str) -> Value {
    json!({ "name": name, "birthDate": born, "phone": "+351 912 345 678", "gdprConsent": true,
        "interests": ["Poetry"] })
}

impl Site {
    async fn all(&self) -> Vec<Value> {
        let data = self.library.data(ALL, json!({})).await;
        let edges = data["students"]["edges"].as_array().unwrap();
        edges.iter().map(|edge| edge["node"].clone()).collect()
    }

    async fn register(&self, saga: &str, action: lms_kit::saga::Action) -> Value {
        self.ask(saga, "register", "register", action, &json!({ "userId": format!("user of {saga}") })).await
    }

    async fn erasing(&self, step: &str, action: lms_kit::saga::Action, number: &str) -> Value {
        let input = json!({ "studentNumber": number, "account": null });
        self.ask("erasure", step, step, action, &input).await
    }
}

#[tokio::test]
async fn a_student_comes_once_whose_particulars_others_keep() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        // Users are away at first: the request is answered when they are there.
        let early = site.send("s", "register", "register", Do, &json!({ "userId": "user of s" })).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(site.all().await, [Value::Null; 0], "{engine:?}");
        site.kept.keep("s", particulars("Ana", "2000-02-29"));
        let registered = site.answer(&early).await;
        assert_eq!(registered["outcome"], "DONE", "{engine:?}: {registered}");
        site.kept.forget("s");
        assert_eq!(site.register("s", Do).await["output"], registered["output"], "{engine:?}: once");
        assert_eq!(site.register("s", Abandon).await["outcome"], "DONE", "{engine:?}: it is past");
        let expected = json!({ "studentNumber": registered["output"]["studentNumber"], "name": "Ana",
            "user": { "id": lms_kit::node::global("User", "user of s") },
            "activity": { "edges": [{ "node": { "kind": "REGISTERED" } }] } });
        assert_eq!(site.all().await, [expected], "{engine:?}");
    }
}

#[tokio::test]
async fn who_is_refused_or_given_up_is_nowhere() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        site.kept.keep("young", particulars("Kid", "2024-02-29"));
        let refused = site.register("young", Do).await;
        let message = "birthDate breaks the rule: age >= 12";
        let problem =
            json!({ "code": "INVALID", "message": message, "path": ["birthDate"], "rule": "age >= 12" });
        assert_eq!(refused["problem"], problem, "{engine:?}: without what was given");
        site.kept.keep("given up", particulars("Ana", "2000-02-29"));
        assert_eq!(site.register("given up", Abandon).await["outcome"], "REFUSED", "{engine:?}");
        assert_eq!(site.register("given up", Do).await["outcome"], "REFUSED", "{engine:?}: never after that");
        assert_eq!(site.register("unknown", Do).await["problem"]["code"], "NOT_FOUND", "{engine:?}");
        assert_eq!(site.all().await, [Value::Null; 0], "{engine:?}");
        let kept = "query($number: ID!) { student(studentNumber: $number) { name } }";
        for place in 1..4 {
            let number = format!("2023/{place}");
            let data = site.library.data(kept, json!({ "number": number })).await;
            assert_eq!(data["student"], Value::Null, "{engine:?}: {number} is only kept");
            let reserved = json!({ "studentNumber": number, "at": 0 });
            let reserved = site.ask(&number, "reserve", "reserveSlot", Do, &reserved).await;
            assert_eq!(reserved["problem"]["code"], "NOT_FOUND", "{engine:?}: {reserved}");
        }
    }
}

#[tokio::test]
async fn nothing_begins_for_a_student_who_is_being_erased_until_that_is_taken_back() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        let place = json!({ "studentNumber": number, "at": 0 });
        site.ask("loan", "reserve", "reserveSlot", Do, &place).await;
        let refused = site.erasing("beginErasure", Do, &number).await;
        assert_eq!(refused["problem"]["rule"], "no open loans", "{engine:?}: {refused}");
        site.ask("loan", "reserve", "freeSlot", Undo, &place).await;

        let begin = async |saga: &str, account: Value, action| {
            let input = json!({ "studentNumber": number, "account": account });
            let operation = if action == Undo { "endErasure" } else { "beginErasure" };
            site.ask(saga, "begin", operation, action, &input).await
        };
        let other = begin("other", json!("another's"), Do).await;
        assert_eq!(other["problem"]["code"], "FORBIDDEN", "{engine:?}: {other}");
        let taken = begin("mine", Value::Null, Do).await;
        assert_eq!(taken["output"], json!({ "studentNumber": number, "userId": null }), "{engine:?}");
        let rule = "a student who is not being erased";
        let reserved = site.ask("late", "reserve", "reserveSlot", Do, &place).await;
        assert_eq!(reserved["problem"]["rule"], rule, "{engine:?}: {reserved}");
        let said = json!({ "studentNumber": number, "lendingNumber": "7", "isbn": isbn(1), "comment": "c", "grade": 1 });
        let said = site.ask("back", "comment", "addLendingComment", Do, &said).await;
        assert_eq!(said["problem"]["rule"], rule, "{engine:?}: {said}");
        let change = json!({ "student": number, "name": "Eve", "phone": null, "version": 1, "key": "u" });
        let changed = site.library.data(UPDATE, change.clone()).await;
        assert_eq!(changed["updateStudent"]["problems"][0]["code"], "INVALID", "{engine:?}");
        let comment = site.library.comment(&number, &isbn(2), 5, "c").await;
        assert_eq!(comment["problems"][0]["rule"], rule, "{engine:?}");

        assert_eq!(
            begin("other too", Value::Null, Do).await["problem"]["rule"],
            rule,
            "{engine:?}: one at a time"
        );
        assert_eq!(begin("mine", Value::Null, Undo).await["outcome"], "UNDONE", "{engine:?}");
        let changed = site.library.data(UPDATE, change).await;
        assert_eq!(changed["updateStudent"]["student"]["name"], "Eve", "{engine:?}: all is as before");
    }
}

#[tokio::test]
async fn the_number_and_the_grades_are_all_that_is_left() {
    for engine in Engine::ALL {
        let site = Site::open(engine).await;
        let number = site.library.student("Ana").await;
        let comment = site.library.comment(&number, &isbn(1), 8, "one").await["comment"].clone();
        site.library.comment(&number, &isbn(2), 2, "two").await;
        let gone = site.library.comment(&number, &isbn(3), 3, "three").await["comment"]["id"].clone();
        let delete = "mutation($id: ID!) { deleteComment(id: $id, expectedVersion: 1, idempotencyKey: \"d\")
            { problems { code } } }";
        site.library.data(delete, json!({ "id": gone })).await;
        let early = site.erasing("anonymise", Do, &number).await;
        assert_eq!(early["problem"]["code"], "NOT_FOUND", "{engine:?}: it has not begun");

        let erase = async |step| {
            let input = json!({ "studentNumber": number, "account": null });
            site.ask("erase", step, step, Do, &input).await["outcome"].clone()
        };
        for step in ["beginErasure", "anonymise", "forget", "forget"] {
            assert_eq!(erase(step).await, "DONE", "{engine:?}: {step}");
        }
        assert_eq!(site.all().await, [Value::Null; 0], "{engine:?}");
        let query = "query($all: [_Any!]!) { _entities(representations: $all) {
            ... on Student { name } ... on Book { averageGrade comments { edges { node {
              comment grade student { name } } } } } } }";
        let all = json!([{ "__typename": "Student", "studentNumber": number },
            { "__typename": "Book", "isbn": isbn(1) }]);
        let left = site.library.ask(query, json!({ "all": all })).await;
        let silent = json!({ "comment": "", "grade": 8, "student": null });
        let book = json!({ "averageGrade": 8.0, "comments": { "edges": [{ "node": silent }] } });
        assert_eq!(left["data"]["_entities"], json!([null, book]), "{engine:?}: {left}");
        let edit = "mutation($id: ID!) { editComment(id: $id, comment: \"again\", expectedVersion: 2,
            idempotencyKey: \"e\") { problems { code } } }";
        let edited = site.library.data(edit, json!({ "id": comment["id"] })).await;
        assert_eq!(edited["editComment"]["problems"], json!([{ "code": "NOT_FOUND" }]), "{engine:?}");
        let last = site.events_of("Student", 2).await.pop().unwrap();
        assert_eq!((last.what(), last.data.deleted), ("StudentErased", true), "{engine:?}");
        assert_eq!(last.data.touches.len(), 1, "{engine:?}: without the account");
        assert_ne!(site.library.student("Bea").await, number, "{engine:?}");
    }
}
