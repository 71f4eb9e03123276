//! What is counted: an entry for each book, lending and comment, as the last event of each says it is.
//!
//! Nothing is added up when an event comes. An entry has the key of what it tells of, so that whoever hears an event
//! twice, or begins with the last one, has the same entries.

use lms_kit::{event::Envelope, inbox::HandleError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::domain::Month;

/// The service of books.
pub(crate) const BOOKS: &str = "books";
/// The service of lendings.
pub(crate) const LENDINGS: &str = "lendings";
/// The service of students, which keeps their comments.
pub(crate) const STUDENTS: &str = "students";

/// What becomes of the entry under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    /// None if it goes.
    pub(crate) entry: Option<Entry>,
}

/// What is counted of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Entry {
    /// A book that was lent; whose name is not told any more has none.
    Lending { isbn: String, student: Option<String>, lent_at: i64, month: i64 },
    /// A book.
    Book { isbn: String, genre: Option<String> },
    /// A grade that a book was given.
    Comment { isbn: String, grade: i64 },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldLending {
    lending_number: String,
    isbn: String,
    student_number: Option<String>,
    lent_at: i64,
}

#[derive(Deserialize)]
struct ToldBook {
    book: Book,
}

#[derive(Deserialize)]
struct Book {
    isbn: String,
    genre_id: Option<String>,
}

#[derive(Deserialize)]
struct ToldComment {
    id: String,
    isbn: String,
    grade: i64,
}

/// What an event makes of an entry, if it tells of something that is counted.
pub(crate) fn entry_of(event: &Envelope) -> Result<Option<Change>, HandleError> {
    let change = match (event.service(), event.data.aggregate.as_str()) {
        (LENDINGS, "Lending") => of_lending(event)?,
        (BOOKS, "Book") => of_book(event)?,
        (STUDENTS, "Comment") => of_comment(event)?,
        _ => return Ok(None),
    };
    Ok(Some(change))
}

fn of_lending(event: &Envelope) -> Result<Change, HandleError> {
    let ToldLending { lending_number, isbn, student_number, lent_at } = state(event)?;
    let month = Month::of_ms(lent_at).index();
    let entry = Entry::Lending { isbn, student: student_number, lent_at, month };
    Ok(Change {
        key: format!("lending {lending_number}"),
        entry: Some(entry).filter(|_| !event.data.deleted),
    })
}

/// A book that is gone keeps its entry: what was lent under its genre stays lent.
fn of_book(event: &Envelope) -> Result<Change, HandleError> {
    let ToldBook { book: Book { isbn, genre_id } } = state(event)?;
    Ok(Change { key: format!("book {isbn}"), entry: Some(Entry::Book { isbn, genre: genre_id }) })
}

fn of_comment(event: &Envelope) -> Result<Change, HandleError> {
    let ToldComment { id, isbn, grade } = state(event)?;
    let entry = Entry::Comment { isbn, grade };
    Ok(Change { key: format!("comment {id}"), entry: Some(entry).filter(|_| !event.data.deleted) })
}

fn state<T: DeserializeOwned>(event: &Envelope) -> Result<T, HandleError> {
    T::deserialize(&event.data.state)
        .map_err(|error| HandleError::Poison(format!("{} cannot be read: {error}", event.what())))
}
