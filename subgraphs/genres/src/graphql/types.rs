//! Genres as clients see them.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use lms_kit::{
    Outcome,
    graphql::{ProblemView, TextFilter, views},
    node,
};

use crate::domain;

/// A name under which books are found.
#[derive(SimpleObject)]
pub(crate) struct Genre {
    /// Never changes, and is never used again.
    id: ID,
    #[graphql(inaccessible)]
    node_key: ID,
    /// Unique, whatever the case of its letters.
    name: String,
    /// Whether it is in use.
    state: GenreState,
    /// Grows with each change by a client.
    version: i32,
}

/// Whether a genre is in use.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenreState {
    /// About to be in use: a saga has proposed it, and may still discard it.
    Pending,
    /// In use.
    Active,
}

impl From<domain::Genre> for Genre {
    fn from(genre: domain::Genre) -> Self {
        let id = ID(node::global("Genre", &genre.id));
        let state = match genre.state {
            domain::State::Pending => GenreState::Pending,
            domain::State::Active => GenreState::Active,
        };
        Self { node_key: id.clone(), id, name: genre.name, state, version: genre.version }
    }
}

/// Which genres are wanted.
#[derive(InputObject, Default)]
pub(crate) struct GenreFilter {
    /// What the name must have.
    pub(crate) name: Option<TextFilter>,
}

/// What a mutation of a genre came to.
#[derive(SimpleObject)]
pub(crate) struct GenrePayload {
    /// The genre after the change; as it was, when it was deleted.
    genre: Option<Genre>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<domain::Genre>> for GenrePayload {
    fn from(outcome: Outcome<domain::Genre>) -> Self {
        Self { genre: outcome.entity.map(Genre::from), problems: views(outcome.problems) }
    }
}
