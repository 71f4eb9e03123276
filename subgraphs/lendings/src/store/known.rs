//! What lendings know of others' things: the titles of books, and the accounts of students.

use lms_kit::{
    StoreError,
    event::Envelope,
    inbox::HandleError,
    sql::{Db, Sql, Tx},
};
use serde::{Deserialize, de::DeserializeOwned};

/// The service of books.
pub(crate) const BOOKS: &str = "books";
/// The service of students.
pub(crate) const STUDENTS: &str = "students";

/// What is needed of a book's event.
#[derive(Deserialize)]
struct Told {
    book: ToldBook,
}

#[derive(Deserialize)]
struct ToldBook {
    isbn: String,
    title: String,
}

/// What is needed of a student's event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldStudent {
    student_number: String,
    user_id: Option<String>,
}

/// Keeps what a book's event says. One that is gone keeps its row: what was lent stays lent.
pub(crate) async fn know_book(tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
    let Told { book } = state(event)?;
    let upsert = Sql::new(
        "INSERT INTO known_books (isbn, title, gone) VALUES ($1, $2, $3) \
         ON CONFLICT (isbn) DO UPDATE SET title = excluded.title, gone = excluded.gone",
    );
    let upsert = upsert.bind(book.isbn).bind(book.title).bind(i64::from(event.data.deleted));
    Ok(tx.run(&upsert).await.map(drop)?)
}

/// Keeps whose account a student's is.
pub(crate) async fn know_student(tx: &mut Tx, event: &Envelope) -> Result<(), HandleError> {
    let ToldStudent { student_number, user_id } = state(event)?;
    let upsert = Sql::new(
        "INSERT INTO known_students (student_number, user_id) VALUES ($1, $2) \
         ON CONFLICT (student_number) DO UPDATE SET user_id = excluded.user_id",
    );
    Ok(tx.run(&upsert.bind(student_number).bind(user_id)).await.map(drop)?)
}

fn state<T: DeserializeOwned>(event: &Envelope) -> Result<T, HandleError> {
    T::deserialize(&event.data.state)
        .map_err(|error| HandleError::Poison(format!("{} cannot be read: {error}", event.what())))
}

/// The title of a book that is in the catalogue.
pub(super) async fn title(tx: &mut Tx, isbn: &str) -> Result<Option<String>, StoreError> {
    let select = Sql::new("SELECT title FROM known_books WHERE isbn = $1 AND gone = 0").bind(isbn);
    tx.row(&select).await?.map(|row| row.text("title")).transpose()
}

/// The accounts of those of these students who have one.
pub(super) async fn accounts(db: &Db, numbers: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    let select = Sql::new(
        "SELECT student_number, user_id FROM known_students WHERE student_number = ANY($1) \
         AND user_id IS NOT NULL",
    );
    let rows = db.rows(&select.bind(numbers.to_vec())).await?;
    rows.iter().map(|row| Ok((row.text("student_number")?, row.text("user_id")?))).collect()
}
