//! Reading: one query a call.

use lms_kit::{
    StoreError,
    isbn::Isbn,
    page::{Cursor, Page, Window},
    sql::{Db, Order, Owned, Row, Sql, pages_of},
};

use super::PerOwner;
use crate::{
    author_number::AuthorNumber,
    domain::{Book, BookFilter},
};

const BY_TITLE: Order = Order::ascending("title_key", "isbn");

const COLUMNS: &str = "b.isbn, b.title, b.title_key, b.description, b.genre_id, b.photo, b.version";

const OF_AUTHORS: Owned = Owned {
    columns: COLUMNS,
    from: "book_authors a JOIN books b ON b.isbn = a.isbn",
    owner: "a.author_number",
    order: &Order::ascending("b.title_key", "b.isbn"),
};

const OF_GENRES: Owned = Owned {
    columns: COLUMNS,
    from: "books b",
    owner: "b.genre_id",
    order: &Order::ascending("b.title_key", "b.isbn"),
};

pub(super) async fn books(db: &Db, isbns: &[Isbn]) -> Result<Vec<Book>, StoreError> {
    let sql = Sql::new(
        "SELECT isbn, title, title_key, description, genre_id, photo, version FROM books WHERE isbn = ANY($1)",
    );
    db.rows(&sql.bind(texts(isbns))).await?.iter().map(book).collect()
}

pub(super) async fn list(db: &Db, filter: &BookFilter, window: &Window) -> Result<Page<Book>, StoreError> {
    let mut sql = Sql::new(
        "SELECT isbn, title, title_key, description, genre_id, photo, version FROM books WHERE 1 = 1",
    )
    .matching("title_key", &filter.title);
    if let Some(number) = filter.author_number {
        sql = sql.push(" AND isbn IN (SELECT isbn FROM book_authors WHERE author_number = ");
        sql = sql.push_value(number.0).push(")");
    }
    if let Some(genre) = &filter.genre_id {
        sql = sql.push(" AND genre_id = ").push_value(genre);
    }
    let rows = db.rows(&sql.page(&BY_TITLE, window)).await?;
    let found = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Page::from_walk(window, found))
}

pub(super) async fn authors_of(db: &Db, isbns: &[Isbn]) -> Result<PerOwner<Isbn, AuthorNumber>, StoreError> {
    let sql = Sql::new(
        "SELECT isbn, author_number FROM book_authors WHERE isbn = ANY($1) ORDER BY isbn ASC, position ASC",
    );
    let rows = db.rows(&sql.bind(texts(isbns))).await?;
    let pair = |row: &Row| Ok((Isbn::stored(row.text("isbn")?), AuthorNumber(row.int("author_number")?)));
    rows.iter().map(pair).collect()
}

pub(super) async fn fullest_genres(db: &Db, limit: u32) -> Result<PerOwner<String, i64>, StoreError> {
    let sql = Sql::new(
        "SELECT genre_id, COUNT(*) AS books FROM books WHERE genre_id IS NOT NULL GROUP BY genre_id \
         ORDER BY books DESC, genre_id ASC LIMIT $1",
    );
    let rows = db.rows(&sql.bind(i64::from(limit))).await?;
    rows.iter().map(|row| Ok((row.text("genre_id")?, row.int("books")?))).collect()
}

pub(super) async fn by_authors(
    db: &Db,
    numbers: &[AuthorNumber],
    window: &Window,
) -> Result<PerOwner<AuthorNumber, Page<Book>>, StoreError> {
    let rows = db.rows(&OF_AUTHORS.pages(integers(numbers), window)).await?;
    pages_of(&rows, window, |row| Ok(AuthorNumber(row.int("owner")?)), entry)
}

pub(super) async fn by_genres(
    db: &Db,
    ids: &[String],
    window: &Window,
) -> Result<PerOwner<String, Page<Book>>, StoreError> {
    let rows = db.rows(&OF_GENRES.pages(ids.to_vec(), window)).await?;
    pages_of(&rows, window, |row| row.text("owner"), entry)
}

pub(super) async fn co_authors(
    db: &Db,
    numbers: &[AuthorNumber],
) -> Result<PerOwner<AuthorNumber, AuthorNumber>, StoreError> {
    let sql = Sql::new(
        "SELECT DISTINCT a.author_number AS owner, c.author_number AS co_author \
         FROM book_authors a JOIN book_authors c ON c.isbn = a.isbn AND c.author_number <> a.author_number \
         WHERE a.author_number = ANY($1) ORDER BY a.author_number ASC, c.author_number ASC",
    );
    let rows = db.rows(&sql.bind(integers(numbers))).await?;
    let pair = |row: &Row| Ok((AuthorNumber(row.int("owner")?), AuthorNumber(row.int("co_author")?)));
    rows.iter().map(pair).collect()
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

fn integers(numbers: &[AuthorNumber]) -> Vec<i64> {
    numbers.iter().map(|number| number.0).collect()
}
