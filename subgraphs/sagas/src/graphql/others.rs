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

/// A lending, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "lendingNumber")]
pub(crate) struct Lending {
    /// The lending's key.
    pub(crate) lending_number: ID,
}

/// A student, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "studentNumber")]
pub(crate) struct Student {
    /// The student's key.
    pub(crate) student_number: ID,
}

/// A user, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "id")]
pub(crate) struct User {
    /// The user's key.
    pub(crate) id: ID,
}

/// A genre, by its key.
#[derive(SimpleObject, Clone)]
#[graphql(unresolvable = "id")]
pub(crate) struct Genre {
    /// The genre's key.
    pub(crate) id: ID,
}
