//! What is counted: the port, and the index that counts.

mod count;
mod index;

use async_trait::async_trait;
use lms_kit::{StoreError, migrate::Phase, records::Migration};

pub(crate) use index::Index;

use crate::domain::{Grades, Month, Months, Period};

/// The index's fields. A later migration that needs others begins a new index: all of it is heard again.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "index",
    phase: Phase::Expand,
    script: include_str!("../../migrations/tantivy/0001_index.json"),
}];

/// What lendings are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lent {
    Books,
    Genres,
    Students,
}

/// What grades are averaged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Graded {
    Books,
    Genres,
}

/// Counts.
#[async_trait]
pub(crate) trait ReportStore: Send + Sync {
    /// How often each was lent in a period, the most often lent first, and by their keys after that.
    async fn lent(&self, what: Lent, period: Period, limit: usize) -> Result<Vec<(String, i64)>, StoreError>;

    /// How many lendings began in each of these months, those without any included.
    async fn monthly(&self, months: Months) -> Result<Vec<(Month, i64)>, StoreError>;

    /// What each was given for grades, those left out that have fewer than `least`; the best first.
    async fn graded(
        &self,
        what: Graded,
        least: i64,
        limit: usize,
    ) -> Result<Vec<(String, Grades)>, StoreError>;
}
