//! Comments as clients see them.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use lms_kit::{
    Outcome,
    graphql::{DateTime, ProblemView, views},
    node,
};

use super::{others::Book, student::Student};
use crate::{
    domain::{self, COMMENT},
    loaders::{StudentNumber, Students},
};

/// What a student says about a book.
pub(crate) struct Comment(domain::Comment);

impl From<domain::Comment> for Comment {
    fn from(comment: domain::Comment) -> Self {
        Self(comment)
    }
}

/// What a student says about a book, with a grade; one for each student and book, and one for each lending.
#[Object]
impl Comment {
    /// Never changes.
    async fn id(&self) -> ID {
        node::global(COMMENT, &self.0.id).into()
    }

    #[graphql(inaccessible)]
    async fn node_key(&self) -> ID {
        node::global(COMMENT, &self.0.id).into()
    }

    /// What is said.
    async fn comment(&self) -> &str {
        &self.0.text
    }

    /// From 0 to 10.
    async fn grade(&self) -> i32 {
        self.0.grade
    }

    /// The lending after which it was said; null if it was added directly.
    async fn lending_number(&self) -> Option<ID> {
        self.0.lending_number.clone().map(ID)
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime::from_ms(self.0.created_at_ms)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime::from_ms(self.0.updated_at_ms)
    }

    /// Grows with each change by a client.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Who says it.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        let number = StudentNumber(self.0.student_number.clone());
        Ok(ctx.data::<Students>()?.load_one(number).await?.map(Student::from))
    }

    /// The book it is about.
    async fn book(&self) -> Option<Book> {
        Some(Book::new(self.0.isbn.clone()))
    }
}

/// What a mutation of a comment came to.
#[derive(SimpleObject)]
pub(crate) struct CommentPayload {
    /// The comment after the change; as it was, when it was deleted.
    comment: Option<Comment>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<domain::Comment>> for CommentPayload {
    fn from(outcome: Outcome<domain::Comment>) -> Self {
        Self { comment: outcome.entity.map(Comment), problems: views(outcome.problems) }
    }
}
