//! Where books are kept: the port in the domain's words, and its adapter for the SQL engines.

mod read;
mod sql;
mod write;

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    idempotency::Command,
    page::{Page, Window},
};

use crate::{
    domain::{Book, BookChange, BookFilter, CataloguedBook},
    isbn::Isbn,
};

pub(crate) use sql::{MIGRATIONS, SqlBooks};

/// A list for each of several owners, such as the books of each of several authors.
pub(crate) type PerOwner<T> = Vec<(String, T)>;

/// Keeps books. Lists are in the order of their titles; each call costs one query, whatever its length.
#[async_trait]
pub(crate) trait BookStore: Send + Sync {
    /// The books with these ISBNs, in no order; those that are not there are left out.
    async fn books(&self, isbns: &[Isbn]) -> Result<Vec<Book>, StoreError>;

    /// A page of all books that a filter lets through.
    async fn list(&self, filter: &BookFilter, window: &Window) -> Result<Page<Book>, StoreError>;

    /// The authors of each of these books, in the order of the title page.
    async fn authors_of(&self, isbns: &[Isbn]) -> Result<Vec<(Isbn, String)>, StoreError>;

    /// A page of the books of each of these authors.
    async fn by_authors(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Book>>, StoreError>;

    /// A page of the books of each of these genres.
    async fn by_genres(&self, ids: &[String], window: &Window) -> Result<PerOwner<Page<Book>>, StoreError>;

    /// Whoever wrote a book together with each of these authors.
    async fn co_authors(&self, numbers: &[String]) -> Result<PerOwner<String>, StoreError>;

    /// Catalogues a new book.
    async fn create(&self, command: &Command, book: CataloguedBook) -> Result<CataloguedBook, Refusal>;

    /// Changes a book that is at the expected version.
    async fn update(
        &self,
        command: &Command,
        isbn: &Isbn,
        expected: i32,
        change: BookChange,
    ) -> Result<CataloguedBook, Refusal>;

    /// Takes a book that is at the expected version out of the catalogue.
    async fn delete(&self, command: &Command, isbn: &Isbn, expected: i32) -> Result<CataloguedBook, Refusal>;
}
