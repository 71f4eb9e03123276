//! Writing: a change's rows and its event, in the transaction that the change is.

use lms_kit::{
    Problem, Refusal, StoreError,
    change::Change,
    event::{Event, Touch},
    isbn::Isbn,
    sql::{Sql, Tx},
};
use serde_json::json;

use super::{Target, read};
use crate::{
    NAME,
    author_number::AuthorNumber,
    domain::{Book, CataloguedBook, CheckedChange},
};

pub(super) async fn create(
    mut change: Change<'_>,
    catalogued: CataloguedBook,
) -> Result<CataloguedBook, Refusal> {
    insert(change.tx(), &catalogued).await?;
    change.event(&catalogued_event(&catalogued)).await?;
    change.commit(catalogued).await
}

/// What happened when a book came into the catalogue.
pub(super) fn catalogued_event(catalogued: &CataloguedBook) -> Event {
    event("BookCatalogued", catalogued, None)
}

/// The rows of a new book.
pub(super) async fn insert(tx: &mut Tx, catalogued: &CataloguedBook) -> Result<(), Refusal> {
    let Book { isbn, title, description, genre_id, photo, version } = &catalogued.book;
    let insert = Sql::new(
        "INSERT INTO books (isbn, title, title_key, description, genre_id, photo, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (isbn) DO NOTHING",
    )
    .bind(isbn.as_str())
    .bind(title)
    .bind(catalogued.book.title_key())
    .bind(description.clone())
    .bind(genre_id.clone())
    .bind(photo.clone())
    .bind(*version);
    if tx.run(&insert).await? == 0 {
        let message = format!("a book with ISBN {isbn} is in the catalogue already");
        return Err(Problem::duplicate(&["isbn"], message).into());
    }
    Ok(insert_authors(tx, isbn, &catalogued.author_numbers).await?)
}

pub(super) async fn update(
    mut change: Change<'_>,
    target: &Target,
    patch: CheckedChange,
) -> Result<CataloguedBook, Refusal> {
    let before = locked(&mut change, target).await?;
    let after = patch.apply(before.clone());
    let Book { isbn, title, description, genre_id, photo, version } = &after.book;
    let update = Sql::new(
        "UPDATE books SET title = $2, title_key = $3, description = $4, genre_id = $5, photo = $6, version = $7 \
         WHERE isbn = $1",
    )
    .bind(isbn.as_str())
    .bind(title)
    .bind(after.book.title_key())
    .bind(description.clone())
    .bind(genre_id.clone())
    .bind(photo.clone())
    .bind(*version);
    change.tx().run(&update).await?;
    if after.author_numbers != before.author_numbers {
        change.tx().run(&Sql::new("DELETE FROM book_authors WHERE isbn = $1").bind(isbn.as_str())).await?;
        insert_authors(change.tx(), isbn, &after.author_numbers).await?;
    }
    change.event(&event("BookChanged", &after, Some(&before))).await?;
    change.commit(after).await
}

pub(super) async fn delete(mut change: Change<'_>, target: &Target) -> Result<CataloguedBook, Refusal> {
    let gone = locked(&mut change, target).await?;
    change.tx().run(&Sql::new("DELETE FROM books WHERE isbn = $1").bind(target.isbn.as_str())).await?;
    change.event(&event("BookRemoved", &gone, None)).await?;
    change.commit(gone).await
}

/// The book of a change, held against others until the change ends, if it is the one that the client saw.
async fn locked(change: &mut Change<'_>, target: &Target) -> Result<CataloguedBook, Refusal> {
    let Target { isbn, expected_version } = target;
    // A write takes the row's lock on both engines, which `FOR UPDATE` does on one only.
    let lock = Sql::new(
        "UPDATE books SET version = version WHERE isbn = $1 \
         RETURNING isbn, title, description, genre_id, photo, version",
    );
    let row = change.tx().row(&lock.bind(isbn.as_str())).await?;
    let row =
        row.ok_or_else(|| Problem::not_found(&["isbn"], format!("there is no book with ISBN {isbn}")))?;
    let book = read::book(&row)?;
    if book.version != *expected_version {
        return Err(Problem::version_conflict(*expected_version, book.version).into());
    }
    let select = Sql::new("SELECT author_number FROM book_authors WHERE isbn = $1 ORDER BY position ASC");
    let rows = change.tx().rows(&select.bind(isbn.as_str())).await?;
    let numbers = rows.iter().map(|row| row.int("author_number").map(AuthorNumber));
    let author_numbers = numbers.collect::<Result<_, _>>()?;
    Ok(CataloguedBook { book, author_numbers })
}

async fn insert_authors(tx: &mut Tx, isbn: &Isbn, numbers: &[AuthorNumber]) -> Result<(), StoreError> {
    for (position, number) in (0_i64..).zip(numbers) {
        let insert = Sql::new("INSERT INTO book_authors (isbn, position, author_number) VALUES ($1, $2, $3)");
        tx.run(&insert.bind(isbn.as_str()).bind(position).bind(number.0)).await?;
    }
    Ok(())
}

/// What happened to a book. It touches the lists of its authors and genre, of those that it had before too.
fn event(kind: &'static str, now: &CataloguedBook, before: Option<&CataloguedBook>) -> Event {
    let mut touches = vec![Touch::new("Book", ("isbn", now.book.isbn.as_str()), NAME)];
    for state in before.into_iter().chain([now]) {
        let numbers = state.author_numbers.iter().map(ToString::to_string);
        let authors = numbers.map(|number| Touch::new("Author", ("authorNumber", &number), NAME));
        let genre = state.book.genre_id.iter().map(|id| Touch::new("Genre", ("id", id), NAME));
        for touched in authors.chain(genre) {
            if !touches.contains(&touched) {
                touches.push(touched);
            }
        }
    }
    Event {
        service: NAME,
        aggregate_type: "Book",
        aggregate_id: now.book.isbn.to_string(),
        kind,
        data: json!(now),
        deleted: kind == "BookRemoved",
        touches,
    }
}
