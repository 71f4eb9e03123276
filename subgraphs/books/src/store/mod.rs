//! Where books are kept: the port in the domain's words, and its adapter for the SQL engines.

mod read;
mod sql;
mod steps;
mod write;

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    idempotency::Command,
    isbn::Isbn,
    page::{Page, Window},
};

use crate::{
    author_number::AuthorNumber,
    domain::{Book, BookFilter, CataloguedBook, CheckedChange},
};

pub(crate) use sql::{MIGRATIONS, SqlBooks};
pub(crate) use steps::BookSteps;

/// Something of each of several owners, such as a page of the books of each of several authors.
pub(crate) type PerOwner<O, T> = Vec<(O, T)>;

/// Keeps books. Lists are in the order of their titles; each reading costs one query, whatever its length.
#[async_trait]
pub(crate) trait BookStore: Send + Sync {
    /// The books with these ISBNs, in any order; those that are not there are left out.
    async fn books(&self, isbns: &[Isbn]) -> Result<Vec<Book>, StoreError>;

    /// A page of the books that a filter lets through.
    async fn list(&self, filter: &BookFilter, window: &Window) -> Result<Page<Book>, StoreError>;

    /// The authors of each of these books, in the order of the title page.
    async fn authors_of(&self, isbns: &[Isbn]) -> Result<PerOwner<Isbn, AuthorNumber>, StoreError>;

    /// A page of the books of each of these authors.
    async fn by_authors(
        &self,
        numbers: &[AuthorNumber],
        window: &Window,
    ) -> Result<PerOwner<AuthorNumber, Page<Book>>, StoreError>;

    /// A page of the books of each of these genres.
    async fn by_genres(
        &self,
        ids: &[String],
        window: &Window,
    ) -> Result<PerOwner<String, Page<Book>>, StoreError>;

    /// The genres with the most books, `limit` of them at most, each with how many; of two that have as many, the one
    /// with the smaller id comes first.
    async fn fullest_genres(&self, limit: u32) -> Result<PerOwner<String, i64>, StoreError>;

    /// Whoever wrote a book together with each of these authors.
    async fn co_authors(
        &self,
        numbers: &[AuthorNumber],
    ) -> Result<PerOwner<AuthorNumber, AuthorNumber>, StoreError>;

    /// A new book, if its ISBN is not in the catalogue.
    async fn create(&self, book: CataloguedBook, command: &Command) -> Result<CataloguedBook, Refusal>;

    /// Changes a book.
    async fn update(
        &self,
        target: &Target,
        change: CheckedChange,
        command: &Command,
    ) -> Result<CataloguedBook, Refusal>;

    /// Takes a book out of the catalogue.
    async fn delete(&self, target: &Target, command: &Command) -> Result<CataloguedBook, Refusal>;
}

/// The book that a change is about, at the version that the client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) isbn: Isbn,
    pub(crate) expected_version: i32,
}
