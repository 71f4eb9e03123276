//! Users as clients see them.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use lms_kit::{
    Outcome,
    graphql::{ProblemView, TextFilter, views},
};

use crate::{
    domain::{self, UserFilter},
    token::Token,
};

/// Whoever may log in.
#[derive(SimpleObject)]
pub(crate) struct User {
    /// Never changes, and is never used again.
    id: ID,
    /// Unique, whatever the case of its letters; it never changes.
    username: String,
    /// The name.
    name: String,
    /// Where to write to.
    email: String,
    /// What the user may do.
    roles: Vec<Role>,
    /// Grows with each change by a client.
    version: i32,
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        let domain::User { id, username, name, email, roles, version } = user;
        Self {
            id: id.into(),
            username,
            name,
            email,
            roles: roles.into_iter().map(Role::from).collect(),
            version,
        }
    }
}

/// What a user may do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Role")]
pub(crate) enum Role {
    /// Looks after books and readers.
    Librarian,
    /// Reads.
    Student,
    /// Looks after the system.
    Admin,
}

/// Which users are wanted.
#[derive(InputObject, Default)]
#[graphql(name = "UserFilter")]
pub(crate) struct UserFilterInput {
    /// What the name must have.
    name: Option<TextFilter>,
    /// What the address must have.
    email: Option<TextFilter>,
}

impl From<UserFilterInput> for UserFilter {
    fn from(input: UserFilterInput) -> Self {
        let wanted = |filter: Option<TextFilter>| filter.map(Into::into).unwrap_or_default();
        Self { name: wanted(input.name), email: wanted(input.email) }
    }
}

/// What a mutation of a user came to.
#[derive(SimpleObject)]
pub(crate) struct UserPayload {
    /// The user after the change.
    user: Option<User>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<domain::User>> for UserPayload {
    fn from(outcome: Outcome<domain::User>) -> Self {
        Self { user: outcome.entity.map(User::from), problems: views(outcome.problems) }
    }
}

/// What a login came to.
#[derive(SimpleObject)]
pub(crate) struct LoginPayload {
    /// Whoever logged in.
    user: Option<User>,
    /// A JSON Web Token for the header `Authorization: Bearer`.
    token: Option<String>,
    /// For how many seconds the token is good.
    expires_in: Option<i32>,
    /// Why nobody was logged in.
    problems: Vec<ProblemView>,
}

impl From<Outcome<(domain::User, Token)>> for LoginPayload {
    fn from(Outcome { entity, problems }: Outcome<(domain::User, Token)>) -> Self {
        let (user, token) = entity.unzip();
        let expires_in = token.as_ref().map(|token| token.expires_in);
        let token = token.map(|token| token.text);
        Self { user: user.map(User::from), token, expires_in, problems: views(problems) }
    }
}
