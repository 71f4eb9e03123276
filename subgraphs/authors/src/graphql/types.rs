//! Authors as clients see them.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use lms_kit::{
    Outcome,
    graphql::{ProblemView, TextFilter, views},
    node,
};

use crate::domain;

/// Who wrote a book.
#[derive(SimpleObject)]
pub(crate) struct Author {
    /// The author's identifier in the whole graph.
    id: ID,
    #[graphql(inaccessible)]
    node_key: ID,
    /// Never changes, and is never used again.
    #[graphql(name = "authorNumber")]
    number: ID,
    /// As it stands on the books.
    name: String,
    /// Who that is.
    bio: String,
    /// The URL of a picture.
    photo: Option<String>,
    /// Whether it is in use.
    state: AuthorState,
    /// Grows with each change by a client.
    version: i32,
}

/// Whether an author is in use.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthorState {
    /// About to be in use: a saga has proposed it, and may still discard it.
    Pending,
    /// In use.
    Active,
}

impl From<domain::Author> for Author {
    fn from(author: domain::Author) -> Self {
        let domain::Author { number, name, bio, photo, state, version } = author;
        let id = ID(node::global("Author", &number.to_string()));
        let state = match state {
            domain::State::Pending => AuthorState::Pending,
            domain::State::Active => AuthorState::Active,
        };
        Self { node_key: id.clone(), id, number: number.to_string().into(), name, bio, photo, state, version }
    }
}

/// Which authors are wanted.
#[derive(InputObject, Default)]
pub(crate) struct AuthorFilter {
    /// What the name must have.
    pub(crate) name: Option<TextFilter>,
}

/// What a mutation of an author came to.
#[derive(SimpleObject)]
pub(crate) struct AuthorPayload {
    /// The author after the change; as it was, when it was deleted.
    author: Option<Author>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<domain::Author>> for AuthorPayload {
    fn from(outcome: Outcome<domain::Author>) -> Self {
        Self { author: outcome.entity.map(Author::from), problems: views(outcome.problems) }
    }
}
