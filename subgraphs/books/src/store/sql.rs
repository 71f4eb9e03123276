//! The adapter for both SQL engines: each statement is written once.

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    change::{Begun, Change},
    idempotency::Command,
    migrate::{Migration, Phase},
    page::{Page, Window},
    sql::Db,
};

use super::{BookStore, PerOwner, read, write};
use crate::{
    domain::{Book, BookChange, BookFilter, CataloguedBook},
    isbn::Isbn,
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
    /// The books of a database that is up to date.
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

    async fn authors_of(&self, isbns: &[Isbn]) -> Result<Vec<(Isbn, String)>, StoreError> {
        read::authors_of(&self.db, isbns).await
    }

    async fn by_authors(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Book>>, StoreError> {
        read::per_owner(&self.db, read::BY_AUTHOR, numbers, window).await
    }

    async fn by_genres(&self, ids: &[String], window: &Window) -> Result<PerOwner<Page<Book>>, StoreError> {
        read::per_owner(&self.db, read::BY_GENRE, ids, window).await
    }

    async fn co_authors(&self, numbers: &[String]) -> Result<PerOwner<String>, StoreError> {
        read::co_authors(&self.db, numbers).await
    }

    async fn create(&self, command: &Command, book: CataloguedBook) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::create(change, book).await,
        }
    }

    async fn update(
        &self,
        command: &Command,
        isbn: &Isbn,
        expected: i32,
        patch: BookChange,
    ) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::update(change, isbn, expected, patch).await,
        }
    }

    async fn delete(&self, command: &Command, isbn: &Isbn, expected: i32) -> Result<CataloguedBook, Refusal> {
        match Change::begin(&self.db, command).await? {
            Begun::Before(book) => Ok(book),
            Begun::Fresh(change) => write::delete(change, isbn, expected).await,
        }
    }
}
