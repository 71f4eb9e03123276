//! Where lendings are kept, in the domain's words.

mod import;
mod known;
mod sql;
mod steps;

use async_trait::async_trait;
use lms_kit::{
    StoreError,
    page::{Page, Window},
};

use crate::domain::Lending;

pub use import::ImportedLending;
pub(crate) use import::load;
pub(crate) use known::{BOOKS, STUDENTS, know_book, know_student};
pub(crate) use sql::{MIGRATIONS, SqlLendings};
pub(crate) use steps::LendingSteps;

/// Something of each of several owners, such as a page of the lendings of each of several students.
pub(crate) type PerOwner<T> = Vec<(String, T)>;

/// Which lendings are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LendingFilter {
    /// Those of this book.
    pub(crate) isbn: Option<String>,
    /// Those of this student.
    pub(crate) student_number: Option<String>,
    /// Those that are out, or those that are not.
    pub(crate) open: Option<bool>,
}

/// Keeps lendings. Lists are in the order in which they were opened, the newest first, but where said; each reading
/// costs one query, whatever its length.
#[async_trait]
pub(crate) trait LendingStore: Send + Sync {
    /// The lendings with these numbers, in any order.
    async fn by_numbers(&self, numbers: &[String]) -> Result<Vec<Lending>, StoreError>;

    /// A page of the lendings that a filter lets through.
    async fn list(&self, filter: &LendingFilter, window: &Window) -> Result<Page<Lending>, StoreError>;

    /// A page of those that are overdue at this instant, those that have been for longest first.
    async fn overdue(&self, now_ms: i64, window: &Window) -> Result<Page<Lending>, StoreError>;

    /// A page of the lendings of each of these students.
    async fn of_students(
        &self,
        numbers: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Lending>>, StoreError>;

    /// A page of the lendings of each of these books.
    async fn of_books(
        &self,
        isbns: &[String],
        window: &Window,
    ) -> Result<PerOwner<Page<Lending>>, StoreError>;

    /// Those of these students of whose lendings one is overdue at this instant.
    async fn late_students(&self, numbers: &[String], now_ms: i64) -> Result<Vec<String>, StoreError>;

    /// The accounts of those of these students who have one.
    async fn accounts(&self, numbers: &[String]) -> Result<PerOwner<String>, StoreError>;

    /// What was lent most, `limit` of it at most, each with how often; of two that were lent as often, the one with
    /// the smaller key comes first.
    async fn most_lent(&self, what: Ranked, limit: u32) -> Result<PerOwner<i64>, StoreError>;
}

/// What lendings are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranked {
    /// By ISBN.
    Books,
    /// By number.
    Students,
}
