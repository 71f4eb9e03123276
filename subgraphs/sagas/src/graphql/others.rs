//! How sagas refer to the things of other services.

use async_graphql::{ID, SimpleObject};

/// A book, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "isbn")]
pub(crate) struct Book {
    /// The book's key.
    pub(crate) isbn: ID,
}

/// An author, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "authorNumber")]
pub(crate) struct Author {
    /// The author's key.
    pub(crate) author_number: ID,
}

/// A genre, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "id")]
pub(crate) struct Genre {
    /// The genre's key.
    pub(crate) id: ID,
}
