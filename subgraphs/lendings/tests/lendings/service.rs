//! A lending from its beginning to its end, and who may see it.

use std::time::Duration;

use lms_kit::{Problem, bus::Topic, node, saga::Outcome};
use serde_json::{Value, json};

use crate::world::{BEGINNING, DAY_MS, ENGINES, World, book, student};

const ISBN: &str = "9780306406157";
const OTHER: &str = "9780439023481";

/// A world in which two books and two students are known.
async fn stocked(engine: &str) -> World {
    let world = World::of(engine).await;
    world.told.answers(&[
        ("books", book(ISBN, "Signals", 1, false)),
        ("books", book(OTHER, "Games", 1, false)),
        ("students", student("2026/1", Some("u1"))),
        ("students", student("2026/2", None)),
    ]);
    world
}

fn lend(isbn: &str, student: &str) -> Value {
    json!({ "isbn": isbn, "studentNumber": student })
}

const SEEN: &str = "lendingNumber titleWhenLent lentAt dueAt returnedAt isOverdue fineCents \
    book { isbn } student { studentNumber }";

#[tokio::test]
async fn a_book_is_lent_is_late_and_comes_back() {
    for engine in ENGINES {
        let mut world = stocked(engine).await;
        let lent = world.done("open", lend("0-306-40615-2", "2026/1")).await;
        assert_eq!(lent["lendingNumber"], "2026/1");
        assert_eq!(lent["title"], "Signals");
        assert_eq!(lent["dueAt"], BEGINNING + 15 * DAY_MS);
        let open = json!({
            "lendingNumber": "2026/1", "titleWhenLent": "Signals", "lentAt": "2026-01-01T00:00:00.000Z",
            "dueAt": "2026-01-16T00:00:00.000Z", "returnedAt": null, "isOverdue": false, "fineCents": 0,
            "book": { "isbn": ISBN }, "student": { "studentNumber": "2026/1" },
        });
        let query = format!("{{ lending(lendingNumber: \"2026/1\") {{ {SEEN} }} }}");
        assert_eq!(world.data(&query).await["lending"], open, "{engine}");

        world.turn_clock(16 * DAY_MS);
        let late = world.data(&format!("{{ overdueLendings {{ edges {{ node {{ {SEEN} }} }} }} }}")).await;
        let late = &late["overdueLendings"]["edges"][0]["node"];
        assert_eq!((&late["isOverdue"], &late["fineCents"]), (&json!(true), &json!(200)));

        let returned = world.done("return", json!({ "lendingNumber": "2026/1" })).await;
        assert_eq!((&returned["isbn"], &returned["studentNumber"]), (&json!(ISBN), &json!("2026/1")));
        world.turn_clock(9 * DAY_MS);
        let after = world.data(&query).await["lending"].clone();
        assert_eq!(
            (&after["fineCents"], &after["isOverdue"]),
            (&json!(200), &json!(false)),
            "it stands still"
        );
        assert_eq!(after["returnedAt"], "2026-01-17T00:00:00.000Z");
        let none = world.data("{ overdueLendings { edges { node { id } } } }").await;
        assert_eq!(none["overdueLendings"]["edges"], json!([]));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_reason() {
    for engine in ENGINES {
        let mut world = stocked(engine).await;
        world.done("open", lend(ISBN, "2026/1")).await;
        world.done("return", json!({ "lendingNumber": "2026/1" })).await;
        world.publish(Topic::events("books"), vec![book(OTHER, "Games", 2, true)]).await;
        let mut refusal = async |operation: &str, input: Value| match world.step(operation, input).await {
            Outcome::Refused { problem: Some(problem) } => problem,
            other => panic!("{operation}: {other:?}"),
        };
        let again = refusal("return", json!({ "lendingNumber": "2026/1" })).await;
        assert!(matches!(&again, Problem::Invalid { rule, .. } if rule == "an open lending"), "{again:?}");
        let unknown = refusal("return", json!({ "lendingNumber": "2026/9" })).await;
        assert!(matches!(&unknown, Problem::NotFound { path, .. } if path == &["lendingNumber"]));
        let wrong = refusal("open", lend("9780306406158", "2026/1")).await;
        assert!(matches!(&wrong, Problem::Invalid { path, .. } if path == &["isbn"]), "{wrong:?}");
        // The event of its removal may come a moment after the question.
        let mut last = world.step("open", lend(OTHER, "2026/1")).await;
        for _ in 0..100 {
            if !matches!(last, Outcome::Done { .. }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            last = world.step("open", lend(OTHER, "2026/1")).await;
        }
        let gone = matches!(&last, Outcome::Refused { problem: Some(Problem::NotFound { path, .. }) }
            if path == &["isbn"]);
        assert!(gone, "{last:?}");
    }
}

#[tokio::test]
async fn a_book_of_which_nothing_is_known_yet_is_waited_for() {
    for engine in ENGINES {
        let mut world = World::of(engine).await;
        world.request("open", lend(ISBN, "2026/1")).await;
        assert_eq!(world.reply_within(Duration::from_secs(2)).await, None, "{engine}");
        world.told.answers(&[("books", book(ISBN, "Signals", 3, false))]);
        assert!(matches!(world.reply().await, Outcome::Done { .. }), "{engine}");
    }
}

#[tokio::test]
async fn lists_and_rankings_are_those_of_their_owners() {
    for engine in ENGINES {
        let mut world = stocked(engine).await;
        for (isbn, number) in [(ISBN, "2026/1"), (OTHER, "2026/2"), (ISBN, "2026/2")] {
            world.done("open", lend(isbn, number)).await;
            world.turn_clock(1_000);
        }
        world.done("return", json!({ "lendingNumber": "2026/1" })).await;
        let edges = "edges { node { lendingNumber } }";
        let numbers = |connection: &Value| -> Vec<String> {
            let edges = connection["edges"].as_array().unwrap().iter();
            edges.map(|edge| edge["node"]["lendingNumber"].as_str().unwrap().to_owned()).collect()
        };
        let data = world
            .data(&format!(
                "{{ all: lendings {{ {edges} }} \
                 page: lendings(first: 1, after: \"{}\") {{ {edges} }} \
                 open: lendings(filter: {{ open: true }}) {{ {edges} }} \
                 ofBook: lendings(filter: {{ isbn: \"0306406152\" }}) {{ {edges} }} \
                 back: lendings(filter: {{ open: false, studentNumber: \"2026/1\" }}) {{ {edges} }} \
                 top {{ books {{ lendings book {{ isbn }} }} students(first: 1) {{ lendings student {{ studentNumber }} }} }} \
                 node: _entities(representations: [{{ __typename: \"Lending\", nodeKey: \"{}\" }}]) {{ ... on Lending {{ lendingNumber }} }} }}",
                lms_kit::page::Cursor::new(BEGINNING + 2_000, "2026/3").encode(),
                node::global("Lending", "2026/2"),
            ))
            .await;
        assert_eq!(numbers(&data["all"]), ["2026/3", "2026/2", "2026/1"], "{engine}");
        assert_eq!(numbers(&data["page"]), ["2026/2"]);
        assert_eq!(numbers(&data["open"]), ["2026/3", "2026/2"]);
        assert_eq!(numbers(&data["ofBook"]), ["2026/3", "2026/1"]);
        assert_eq!(numbers(&data["back"]), ["2026/1"]);
        let top = json!({
            "books": [
                { "lendings": 2, "book": { "isbn": ISBN } },
                { "lendings": 1, "book": { "isbn": OTHER } },
            ],
            "students": [{ "lendings": 2, "student": { "studentNumber": "2026/2" } }],
        });
        assert_eq!(data["top"], top);
        assert_eq!(data["node"], json!([{ "lendingNumber": "2026/2" }]));

        world.turn_clock(16 * DAY_MS);
        let owned = world
            .data(&format!(
                "{{ _entities(representations: [\
                 {{ __typename: \"Student\", studentNumber: \"2026/1\" }}, \
                 {{ __typename: \"Student\", studentNumber: \"2026/2\" }}, \
                 {{ __typename: \"Book\", isbn: \"{ISBN}\" }}]) {{ \
                 ... on Student {{ hasOverdue lendings(first: 1) {{ {edges} pageInfo {{ hasNextPage }} }} }} \
                 ... on Book {{ lendings {{ {edges} }} }} }} }}"
            ))
            .await;
        let owned = &owned["_entities"];
        let late = |place: usize| (&owned[place]["hasOverdue"], numbers(&owned[place]["lendings"]));
        assert_eq!(late(0), (&json!(false), vec!["2026/1".to_owned()]));
        assert_eq!(late(1), (&json!(true), vec!["2026/3".to_owned()]));
        assert_eq!(owned[1]["lendings"]["pageInfo"]["hasNextPage"], true);
        assert_eq!(numbers(&owned[2]["lendings"]), ["2026/3", "2026/1"]);
    }
}
