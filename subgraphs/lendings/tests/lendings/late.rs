//! A service that comes late knows what one knows that was there from the start.

use std::time::Duration;

use lms_kit::{
    bus::Topic,
    node,
    sql::{Db, DbOptions, Sql},
};

use crate::world::{ENGINES, World, book, student};

const BOOKS: u32 = 2_500;
const CHANGES: i64 = 4;
const STUDENTS: u32 = 200;

/// The ISBN-13 of a number.
fn isbn(number: u32) -> String {
    let body = format!("978{number:09}");
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// What is said of a book when it has changed so often: some are gone at the end.
fn said(number: u32, seq: i64) -> String {
    book(
        &isbn(number),
        &format!("Title {number} as of {seq}"),
        seq,
        seq == CHANGES && number.is_multiple_of(10),
    )
}

/// What is known, row by row.
async fn known(url: &str) -> Vec<String> {
    let db = Db::open("test", url, DbOptions::default()).await.unwrap();
    let books = Sql::new("SELECT isbn, title, gone FROM known_books ORDER BY isbn");
    let books = db.rows(&books).await.unwrap().into_iter().map(|row| {
        let gone = row.int("gone").unwrap();
        format!("{} {} {gone}", row.text("isbn").unwrap(), row.text("title").unwrap())
    });
    let students = Sql::new("SELECT student_number, user_id FROM known_students ORDER BY student_number");
    let students = db.rows(&students).await.unwrap().into_iter().map(|row| {
        let user = row.text_or_null("user_id").unwrap();
        format!("{} {user:?}", row.text("student_number").unwrap())
    });
    let known = books.chain(students).collect();
    db.close().await;
    known
}

async fn until_all_is_known(world: &World) -> Vec<String> {
    let whole = (BOOKS + STUDENTS) as usize;
    let deadline = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        let now = known(&world.url).await;
        let last = format!("as of {CHANGES} ");
        let current = now.iter().filter(|row| row.contains(&last)).count();
        if now.len() == whole && current == BOOKS as usize {
            return now;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} of {whole} are known, {current} as they are",
            now.len()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_late_knows_as_much_as_whoever_was_there() {
    for engine in ENGINES {
        // One hears each of ten thousand changes.
        let early = World::of(engine).await;
        early.told.answers(&[]);
        for seq in 1..=CHANGES {
            early.publish(Topic::events("books"), (0..BOOKS).map(|number| said(number, seq)).collect()).await;
        }
        let account = |number: u32| number.is_multiple_of(2).then(|| format!("u{number}"));
        let person = |number: u32| student(&format!("2026/{number}"), account(number).as_deref());
        early.publish(Topic::events("students"), (0..STUDENTS).map(person).collect()).await;

        // The other is told the state, and hears nothing.
        let late = World::of(engine).await;
        let books = (0..BOOKS).map(|number| ("books", said(number, CHANGES)));
        // Events of old name accounts by their own keys.
        let of_old = |number: u32| match account(number) {
            Some(own) => person(number).replace(&node::global("User", &own), &own),
            None => person(number),
        };
        let students = (0..STUDENTS).map(|number| ("students", of_old(number)));
        late.told.answers(&books.chain(students).collect::<Vec<_>>());

        let (heard, loaded) = (until_all_is_known(&early).await, until_all_is_known(&late).await);
        assert_eq!(heard, loaded, "{engine}");
    }
}
