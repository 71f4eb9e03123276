//! What students add to the things of other services, and how they refer to them.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use lms_kit::{
    graphql::{Connection, OwnedList, connection},
    node,
    page::PageArguments,
};

use super::{comment::Comment, student::Student};
use crate::{
    domain,
    loaders::{BY_TIME, CommentId, CommentsOfBook, GradesOf, StudentOfUser, Students},
};

/// A genre, known here by its name only.
#[derive(SimpleObject)]
#[graphql(unresolvable = "name")]
pub(crate) struct Genre {
    /// The genre's key.
    pub(crate) name: String,
}

/// A book, as far as students know.
pub(crate) struct Book {
    isbn: String,
}

impl Book {
    pub(crate) fn new(isbn: String) -> Self {
        Self { isbn }
    }
}

#[Object]
impl Book {
    /// The book's key.
    async fn isbn(&self) -> ID {
        self.isbn.as_str().into()
    }

    /// What students say about the book, the newest first.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Comment>> {
        let window = PageArguments { first, after, last, before }.window(BY_TIME)?;
        let comments = OwnedList { owner: self.isbn.clone(), window };
        let page = ctx.data::<Students>()?.load_one(CommentsOfBook(comments.clone())).await?;
        Ok(connection(comments.page(page)))
    }

    /// The mean of the grades that students gave, from 0 to 10; null before the first.
    async fn average_grade(&self, ctx: &Context<'_>) -> Result<Option<f64>> {
        let grades = ctx.data::<Students>()?.load_one(GradesOf(self.isbn.clone())).await?;
        Ok(grades.map(|grades| grades.average()))
    }
}

/// A lending, as far as students know.
pub(crate) struct Lending {
    number: String,
}

impl Lending {
    pub(crate) fn new(number: String) -> Self {
        Self { number }
    }
}

#[Object]
impl Lending {
    /// The lending's key.
    async fn lending_number(&self) -> ID {
        self.number.as_str().into()
    }

    /// What the student says about the book after this lending.
    async fn comment(&self, ctx: &Context<'_>) -> Result<Option<Comment>> {
        let id = CommentId(domain::lending_comment_id(&self.number));
        Ok(ctx.data::<Students>()?.load_one(id).await?.map(Comment::from))
    }
}

/// An account, as far as students know.
pub(crate) struct User {
    id: String,
    /// The student, where it is known already.
    student: Option<domain::Student>,
}

impl User {
    pub(crate) fn new(id: String) -> Self {
        Self { id, student: None }
    }

    pub(crate) fn of(id: String, student: domain::Student) -> Self {
        Self { id, student: Some(student) }
    }
}

#[Object]
impl User {
    /// The account's key.
    async fn id(&self) -> ID {
        node::global("User", &self.id).into()
    }

    /// The student to whom the account belongs.
    async fn student(&self, ctx: &Context<'_>) -> Result<Option<Student>> {
        if let Some(student) = &self.student {
            return Ok(Some(student.clone().into()));
        }
        let student = ctx.data::<Students>()?.load_one(StudentOfUser(self.id.clone())).await?;
        Ok(student.map(Student::from))
    }
}
