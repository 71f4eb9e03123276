//! A library's events, as its services say them.

use lms_kit::{
    Sources,
    event::{Event, OutboxRow},
    idempotency::Command,
};
use serde_json::{Value, json};

/// The services whose events are heard.
pub(crate) const SERVICES: [&str; 3] = ["books", "lendings", "students"];
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// When the first lending begins: 2025-01-01.
const BEGINNING: i64 = 1_735_689_600_000;

/// An event: its service, its number, and what it says.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) service: &'static str,
    pub(crate) seq: i64,
    pub(crate) body: String,
}

fn said(
    (service, aggregate_type): (&'static str, &'static str),
    id: &str,
    seq: i64,
    data: Value,
    deleted: bool,
) -> Said {
    let event = Event {
        service,
        aggregate_type,
        aggregate_id: id.to_owned(),
        kind: "Changed",
        data,
        deleted,
        touches: Vec::new(),
    };
    let body = OutboxRow::new(&event, seq, &Command::of_saga("none", None, &Sources::system())).body;
    Said { service, seq, body }
}

pub(crate) fn book(isbn: &str, genre: Option<&str>, seq: i64, deleted: bool) -> Said {
    let data = json!({ "book": { "isbn": isbn, "title": "T", "genre_id": genre }, "author_numbers": [1] });
    said(("books", "Book"), isbn, seq, data, deleted)
}

pub(crate) fn lending(number: &str, isbn: &str, student: Option<&str>, lent_at: i64, seq: i64) -> Said {
    let data = json!({
        "lendingNumber": number, "isbn": isbn, "title": "T", "studentNumber": student, "lentAt": lent_at,
        "dueAt": lent_at + 15 * DAY_MS, "returnedAt": (seq > 1).then_some(lent_at + DAY_MS),
    });
    said(("lendings", "Lending"), number, seq, data, false)
}

pub(crate) fn comment(id: &str, isbn: &str, grade: i64, seq: i64, deleted: bool) -> Said {
    let data =
        json!({ "id": id, "studentNumber": "2026/1", "isbn": isbn, "grade": grade, "deleted": deleted });
    said(("students", "Comment"), id, seq, data, deleted)
}

/// What is said of a student, of whom nothing is counted.
pub(crate) fn student(number: &str) -> Said {
    said(("students", "Student"), number, 1, json!({ "studentNumber": number }), false)
}

/// Events of a library in the order of their numbers: each thing changes, some go, none stays as it was.
pub(crate) fn library(lendings: i64) -> Vec<Said> {
    let isbn = |number: i64| format!("isbn-{:04}", number * 7 % 300);
    let genre = |number: i64| (number % 11 > 0).then(|| format!("genre-{}", number % 11));
    let mut all = Vec::new();
    for seq in 1..=3 {
        for number in 0..300 {
            let gone = seq == 3 && number % 17 == 0;
            all.push(book(&isbn(number), genre(number + seq).as_deref(), seq, gone));
        }
        for number in 0..lendings {
            let lent_at = BEGINNING + number * 7 % 500 * DAY_MS;
            let student = format!("2025/{}", number * number % 97);
            let student = Some(student.as_str()).filter(|_| seq < 3 || number % 13 > 0);
            all.push(lending(&format!("2025/{number}"), &isbn(number * number), student, lent_at, seq));
        }
        for number in 0..lendings / 3 {
            let gone = seq == 3 && number % 5 == 0;
            all.push(comment(&format!("c{number}"), &isbn(number), (number + seq) % 11, seq, gone));
        }
    }
    all.extend((0..50).map(|number| student(&format!("2025/{number}"))));
    all
}
