//! Books on SQL: one text for SQLite and PostgreSQL.

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    isbn::Isbn,
    migrate::{Migration, Phase},
    page::{Page, Window},
    sql::Db,
};

use super::{BookStore, PerOwner, Target, read, write};
use crate::{
    author_number::AuthorNumber,
    domain::{Book, BookFilter, CataloguedBook, CheckedChange},
};

/// The tables, a step at a time.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "books",
    phase: Phase::Expand,
    sqlite: include_str!("../../migrations/sqlite/0001_books.sql"),
    postgres: include_str!("../../migrations/postgres/0001_books.sql"),
}];

/// Books in an SQL database.
pub(crate) struct SqlBooks {
    db: Db,
}

impl SqlBooks {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl BookStore for SqlBooks {
    async fn books(&self, isbns: &[Isbn]) -> Result<Vec<Book>, StoreError> {
        read::books(&self.db, isbns).await
    }

    async fn list(&self, filter: &BookFilter, window: &Window) -> Result<Page<Book>, StoreError> {
        read::list(&self.db, filter, window).await
    }

    async fn authors_of(&self, isbns: &[Isbn]) -> Result<PerOwner<Isbn, AuthorNumber>, StoreError> {
        read::authors_of(&self.db, isbns).await
    }

    async fn by_authors(
        &self,
        numbers: &[AuthorNumber],
        window: &Window,
    ) -> Result<PerOwner<AuthorNumber, Page<Book>>, StoreError> {
        read::by_authors(&self.db, numbers, window).await
    }

    async fn by_genres(
        &self,
        ids: &[String],
        window: &Window,
    ) -> Result<PerOwner<String, Page<Book>>, StoreError> {
        read::by_genres(&self.db, ids, window).await
    }

    async fn fullest_genres(&self, limit: u32) -> Result<PerOwner<String, i64>, StoreError> {
        read::fullest_genres(&self.db, limit).await
    }

    async fn co_authors(
        &self,
        numbers: &[AuthorNumber],
    ) -> Result<PerOwner<AuthorNumber, AuthorNumber>, StoreError> {
        read::co_authors(&self.db, numbers).await
    }

    async fn create(&self, book: CataloguedBook, command: &Command) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::create(change, book).await,
        }
    }

    async fn update(
        &self,
        target: &Target,
        patch: CheckedChange,
        command: &Command,
    ) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::update(change, target, patch).await,
        }
    }

    async fn delete(&self, target: &Target, command: &Command) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::delete(change, target).await,
        }
    }
}
