//! Where genres are kept, in the domain's words.

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

use crate::domain::{Genre, GenreName};

pub(crate) use sql::{MIGRATIONS, SqlGenres};
pub(crate) use steps::GenreSteps;

/// Keeps genres.
#[async_trait]
pub(crate) trait GenreStore: Send + Sync {
    /// The genres with these ids, in any order.
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<Genre>, StoreError>;

    /// The genres whose names have these keys, in any order.
    async fn by_name_keys(&self, keys: &[String]) -> Result<Vec<Genre>, StoreError>;

    /// A page of the genres, by name.
    async fn list(&self, name: &TextMatch, window: &Window) -> Result<Page<Genre>, StoreError>;

    /// A new genre, if its name is free.
    async fn create(&self, name: &GenreName, command: &Command) -> Result<Genre, Refusal>;

    /// Another name for a genre, if it is free.
    async fn rename(&self, target: &Target, name: &GenreName, command: &Command) -> Result<Genre, Refusal>;

    /// Deletes a genre; its id is never used again.
    async fn delete(&self, target: &Target, command: &Command) -> Result<Genre, Refusal>;
}

/// The genre that a change is about, at the version that the client saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) expected_version: i32,
}
