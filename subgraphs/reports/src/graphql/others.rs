//! Things of other services, by their keys: their owners say the rest.

use async_graphql::{ID, SimpleObject};

/// A book.
#[derive(SimpleObject)]
#[graphql(unresolvable = "isbn")]
pub(crate) struct Book {
    /// The book's key.
    isbn: ID,
}

/// A genre.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub(crate) struct Genre {
    /// The genre's key.
    id: ID,
}

/// A student, by its key.
#[derive(SimpleObject)]
#[graphql(unresolvable = "studentNumber")]
pub(crate) struct Student {
    /// The student's key.
    student_number: ID,
}

impl Book {
    pub(super) fn new(isbn: String) -> Self {
        Self { isbn: isbn.into() }
    }
}

impl Genre {
    pub(super) fn new(id: String) -> Self {
        Self { id: id.into() }
    }
}

impl Student {
    pub(super) fn new(number: String) -> Self {
        Self { student_number: number.into() }
    }
}
