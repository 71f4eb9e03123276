//! Users as clients see them.
#![expect(clippy::unused_async, reason = "a resolver is asynchronous")]

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use lms_kit::{
    Outcome, Problem,
    access::{Caller, Scope},
    graphql::{ProblemView, TextFilter, caller, views},
    node,
};

use crate::{
    domain::{self, UserFilter},
    token::Token,
};

/// Whoever may log in.
pub(crate) struct User {
    user: domain::User,
    /// Whether the request itself has shown that it comes from this user.
    proven: bool,
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        Self { user, proven: false }
    }
}

impl User {
    /// The user whose password the request brought.
    pub(super) fn proven(user: domain::User) -> Self {
        Self { user, proven: true }
    }
}

/// Whoever may log in.
#[Object]
impl User {
    /// Never changes, and is never used again.
    async fn id(&self) -> ID {
        node::global("User", &self.user.id).into()
    }

    #[graphql(inaccessible)]
    async fn node_key(&self) -> ID {
        node::global("User", &self.user.id).into()
    }

    /// Unique, whatever the case of its letters; it never changes.
    async fn username(&self) -> &str {
        &self.user.username
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.user.name
    }

    /// Where to write to; for the user, librarians and administrators.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        if !self.proven {
            caller(ctx).need_user(Some(&self.user.id), &Scope::STAFF)?;
        }
        Ok(Some(&self.user.email))
    }

    /// What the user may do.
    async fn roles(&self) -> Vec<Role> {
        self.user.roles.iter().copied().map(Role::from).collect()
    }

    /// Whether the user may log in.
    async fn state(&self) -> UserState {
        self.user.state.into()
    }

    /// Grows with each change by a client.
    async fn version(&self) -> i32 {
        self.user.version
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

/// Whether a user may do anything.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::State")]
pub(crate) enum UserState {
    /// May log in.
    Active,
    /// May not, and is in no list: the registration is still under way, or the erasure has begun.
    Disabled,
}

/// Which users are wanted.
#[derive(InputObject, Default)]
#[graphql(name = "UserFilter")]
pub(crate) struct UserFilterInput {
    /// What the name must have.
    name: Option<TextFilter>,
    /// What the address must have; for librarians and administrators.
    email: Option<TextFilter>,
}

impl UserFilterInput {
    /// The filter, if the caller may know what it would tell: who is found by an address has it.
    pub(crate) fn check(self, caller: &Caller) -> Result<UserFilter, Problem> {
        if self.email.is_some() {
            caller.need(&Scope::STAFF)?;
        }
        let wanted = |filter: Option<TextFilter>| filter.map(Into::into).unwrap_or_default();
        Ok(UserFilter { name: wanted(self.name), email: wanted(self.email) })
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

impl UserPayload {
    /// Of a registration, which brings the new user's password.
    pub(crate) fn registered(outcome: Outcome<domain::User>) -> Self {
        Self { user: outcome.entity.map(User::proven), problems: views(outcome.problems) }
    }

    /// Of a change.
    pub(crate) fn changed(outcome: Outcome<domain::User>) -> Self {
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
        Self { user: user.map(User::proven), token, expires_in, problems: views(problems) }
    }
}
