//! Where authors are kept, in the domain's words.

mod sql;
mod steps;

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    idempotency::Command,
    page::{Page, Window},
    text::TextMatch,
};
use serde::Serialize;

use crate::domain::{Author, Changes, Profile};

pub(crate) use sql::{MIGRATIONS, SqlAuthors};
pub(crate) use steps::AuthorSteps;

/// Keeps authors.
#[async_trait]
pub(crate) trait AuthorStore: Send + Sync {
    /// The authors with these numbers, in any order.
    async fn by_numbers(&self, numbers: &[i64]) -> Result<Vec<Author>, StoreError>;

    /// A page of the authors, by name.
    async fn list(&self, name: &TextMatch, window: &Window) -> Result<Page<Author>, StoreError>;

    /// A new author, with the next number.
    async fn create(&self, profile: Profile, command: &Command) -> Result<Author, Refusal>;

    /// Changes an author.
    async fn update(&self, target: &Target, changes: Changes, command: &Command) -> Result<Author, Refusal>;

    /// Deletes an author, whose number is never used again.
    async fn delete(&self, target: &Target, command: &Command) -> Result<Author, Refusal>;
}

/// The author that a change is about, at the version that the client saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) author_number: String,
    pub(crate) expected_version: i32,
}
