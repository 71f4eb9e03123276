//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    graphql::{Connection, caller, connection},
    node,
    page::{CursorKind, PageArguments},
};

use super::saga::Saga;
use super::{
    comment::Comment,
    others::{Book, Lending, User},
    student::{Student, StudentFilterInput},
};
use crate::{
    domain::{COMMENT, STUDENT},
    loaders::{CommentId, StudentNumber, Students},
};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The student with this number.
    async fn student(&self, ctx: &Context<'_>, student_number: ID) -> Result<Option<Student>> {
        let student = ctx.data::<Students>()?.load_one(StudentNumber(student_number.0)).await?;
        Ok(student.map(Student::from))
    }

    /// All students, by name.
    async fn students(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<StudentFilterInput>,
    ) -> Result<Connection<Student>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let store = &ctx.data::<Students>()?.loader().store;
        Ok(connection(store.list(&filter.unwrap_or_default().check(caller(ctx))?, &window).await?))
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, id: ID) -> Saga {
        Saga::new(id)
    }

    #[graphql(entity)]
    async fn find_student(&self, ctx: &Context<'_>, student_number: ID) -> Result<Option<Student>> {
        self.student(ctx, student_number).await
    }

    #[graphql(entity)]
    async fn find_student_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Student>> {
        let Some(number) = node::key_of(STUDENT, &node_key) else { return Ok(None) };
        self.student(ctx, number.into()).await
    }

    #[graphql(entity)]
    async fn find_comment(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Comment>> {
        let comment = ctx.data::<Students>()?.load_one(CommentId(node::local(COMMENT, &id))).await?;
        Ok(comment.map(Comment::from))
    }

    #[graphql(entity)]
    async fn find_comment_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Comment>> {
        self.find_comment(ctx, node_key).await
    }

    /// Whichever book it is, students can say what is theirs: nothing is asked before a list is.
    #[graphql(entity)]
    async fn find_book(&self, isbn: ID) -> Book {
        Book::new(isbn.0)
    }

    #[graphql(entity)]
    async fn find_lending(&self, lending_number: ID) -> Lending {
        Lending::new(lending_number.0)
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> User {
        User::new(node::local("User", &id))
    }
}
