//! Where users are kept, in the domain's words.

mod erased;
mod registrations;
mod sql;
mod steps;

use async_trait::async_trait;
use lms_kit::{
    Refusal, StoreError,
    idempotency::Command,
    page::{Page, Window},
};

use crate::domain::{Particulars, User, UserChange, UserFilter};

pub(crate) use registrations::{REGISTER_STUDENT, Registrations};
pub(crate) use sql::{MIGRATIONS, SqlUsers};
pub(crate) use steps::UserSteps;

/// Keeps users, and the hashes of their passwords.
#[async_trait]
pub(crate) trait UserStore: Send + Sync {
    /// The users with these ids, in any order.
    async fn by_ids(&self, ids: &[String]) -> Result<Vec<User>, StoreError>;

    /// The users whose usernames have these keys, in any order.
    async fn by_username_keys(&self, keys: &[String]) -> Result<Vec<User>, StoreError>;

    /// A page of the active users that a filter lets through, by name.
    async fn list(&self, filter: &UserFilter, window: &Window) -> Result<Page<User>, StoreError>;

    /// The active user whose username has this key, with the hash of the password.
    async fn credentials(&self, username_key: &str) -> Result<Option<(User, String)>, StoreError>;

    /// The hash of a user's password.
    async fn password_hash(&self, id: &str) -> Result<Option<String>, StoreError>;

    /// A new user, if the username is free.
    async fn register(&self, user: User, password_hash: &str, command: &Command) -> Result<User, Refusal>;

    /// A new user, disabled until the student is registered whose particulars these are; the identifiers of the saga that
    /// does so, and of the user.
    async fn register_with_student(
        &self,
        user: (User, &str),
        particulars: &Particulars,
        command: &Command,
    ) -> Result<(String, String), Refusal>;

    /// Changes a user, and the password if there is the hash of another.
    async fn update(
        &self,
        target: &Target,
        change: UserChange,
        password_hash: Option<&str>,
        command: &Command,
    ) -> Result<User, Refusal>;
}

/// The user that a change is about, at the version that the client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) expected_version: i32,
}
