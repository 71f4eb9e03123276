//! Reading: one query a call.

use lms_kit::{
    StoreError,
    page::{Cursor, Page, Window},
    sql::{Db, Order, Row, Sql},
};

use super::PerOwner;
use crate::{
    domain::{Book, BookFilter},
    isbn::Isbn,
};

const BY_TITLE: Order = Order::ascending("title_key", "isbn");

/// The books of owners: a query that names its parameter `$1`, up to the window's bounds.
pub(super) type OwnersQuery = &'static str;

/// The books of authors, numbered within each; the bounds follow.
pub(super) const BY_AUTHOR: (OwnersQuery, OwnersQuery) = (
    "SELECT a.author_number AS owner, b.isbn, b.title, b.title_key, b.description, b.genre_id, b.photo, b.version, \
     ROW_NUMBER() OVER (PARTITION BY a.author_number ORDER BY b.title_key",
    " FROM book_authors a JOIN books b ON b.isbn = a.isbn WHERE a.author_number = ANY($1)",
);

/// The books of genres, numbered within each; the bounds follow.
pub(super) const BY_GENRE: (OwnersQuery, OwnersQuery) = (
    "SELECT b.genre_id AS owner, b.isbn, b.title, b.title_key, b.description, b.genre_id, b.photo, b.version, \
     ROW_NUMBER() OVER (PARTITION BY b.genre_id ORDER BY b.title_key",
    " FROM books b WHERE b.genre_id = ANY($1)",
);

pub(super) async fn books(db: &Db, isbns: &[Isbn]) -> Result<Vec<Book>, StoreError> {
    let sql = Sql::new(
        "SELECT isbn, title, title_key, description, genre_id, photo, version FROM books WHERE isbn = ANY($1)",
    );
    db.rows(&sql.bind(texts(isbns))).await?.iter().map(book).collect()
}

pub(super) async fn list(db: &Db, filter: &BookFilter, window: &Window) -> Result<Page<Book>, StoreError> {
    let mut sql = Sql::new(
        "SELECT isbn, title, title_key, description, genre_id, photo, version FROM books WHERE 1 = 1",
    );
    sql = sql.matching("title_key", &filter.title);
    if let Some(number) = &filter.author_number {
        sql = sql.push(" AND isbn IN (SELECT isbn FROM book_authors WHERE author_number = ");
        sql = sql.push_value(number).push(")");
    }
    if let Some(genre) = &filter.genre_id {
        sql = sql.push(" AND genre_id = ").push_value(genre);
    }
    let rows = db.rows(&sql.page(&BY_TITLE, window)).await?;
    let found = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Page::from_walk(window, found))
}

pub(super) async fn authors_of(db: &Db, isbns: &[Isbn]) -> Result<Vec<(Isbn, String)>, StoreError> {
    let sql = Sql::new(
        "SELECT isbn, author_number FROM book_authors WHERE isbn = ANY($1) ORDER BY isbn ASC, position ASC",
    );
    let rows = db.rows(&sql.bind(texts(isbns))).await?;
    rows.iter().map(|row| Ok((Isbn::stored(row.text("isbn")?), row.text("author_number")?))).collect()
}

/// A page for each owner, all from one query: each owner's books are numbered in the order of the walk, and
/// numbers past the limit are left out.
pub(super) async fn per_owner(
    db: &Db,
    (select, from): (OwnersQuery, OwnersQuery),
    owners: &[String],
    window: &Window,
) -> Result<PerOwner<Page<Book>>, StoreError> {
    let direction = if window.from_end { " DESC, b.isbn DESC" } else { " ASC, b.isbn ASC" };
    let mut sql = Sql::new("SELECT * FROM (").push(select).push(direction).push(") AS place").push(from);
    sql = sql.bind(owners.to_vec());
    for (cursor, comparison) in [(&window.after, " > ("), (&window.before, " < (")] {
        if let Some(Cursor { sort, id }) = cursor {
            sql = sql.push(" AND (b.title_key, b.isbn)").push(comparison).push_value(sort);
            sql = sql.push(", ").push_value(id).push(")");
        }
    }
    sql = sql.push(") numbered WHERE place <= ").push_value(i64::from(window.limit) + 1);
    let rows = db.rows(&sql.push(" ORDER BY owner ASC, place ASC")).await?;
    let mut walks: PerOwner<Vec<(Cursor, Book)>> = Vec::new();
    for row in &rows {
        let owner = row.text("owner")?;
        match walks.last_mut() {
            Some((last, walk)) if *last == owner => walk.push(entry(row)?),
            _ => walks.push((owner, vec![entry(row)?])),
        }
    }
    Ok(walks.into_iter().map(|(owner, walk)| (owner, Page::from_walk(window, walk))).collect())
}

pub(super) async fn co_authors(db: &Db, numbers: &[String]) -> Result<PerOwner<String>, StoreError> {
    let sql = Sql::new(
        "SELECT DISTINCT a.author_number AS owner, c.author_number AS co_author \
         FROM book_authors a JOIN book_authors c ON c.isbn = a.isbn AND c.author_number <> a.author_number \
         WHERE a.author_number = ANY($1) ORDER BY a.author_number ASC, c.author_number ASC",
    );
    let rows = db.rows(&sql.bind(numbers.to_vec())).await?;
    rows.iter().map(|row| Ok((row.text("owner")?, row.text("co_author")?))).collect()
}

/// A row of `books`.
pub(super) fn book(row: &Row) -> Result<Book, StoreError> {
    Ok(Book {
        isbn: Isbn::stored(row.text("isbn")?),
        title: row.text("title")?,
        description: row.text_or_null("description")?,
        genre_id: row.text_or_null("genre_id")?,
        photo: row.text_or_null("photo")?,
        version: row.version("version")?,
    })
}

fn entry(row: &Row) -> Result<(Cursor, Book), StoreError> {
    Ok((Cursor::new(row.text("title_key")?, row.text("isbn")?), book(row)?))
}

fn texts(isbns: &[Isbn]) -> Vec<String> {
    isbns.iter().map(ToString::to_string).collect()
}
