//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    access::Scope,
    graphql::{Connection, caller, connection},
    node,
    page::{CursorKind, PageArguments},
};

use super::saga::Saga;
use super::{
    lending::{Lending, LendingFilterInput, visible},
    now_ms,
    others::{Book, Student},
    top::Top,
};
use crate::{domain::LENDING, loaders::Lendings};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The lending with this number; for its student, librarians and administrators.
    async fn lending(&self, ctx: &Context<'_>, lending_number: ID) -> Result<Option<Lending>> {
        visible(ctx, &lending_number).await
    }

    /// All lendings, the newest first; for librarians and administrators.
    async fn lendings(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<LendingFilterInput>,
    ) -> Result<Connection<Lending>> {
        caller(ctx).need(&Scope::STAFF)?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        let store = &ctx.data::<Lendings>()?.loader().store;
        Ok(connection(store.list(&filter.unwrap_or_default().check()?, &window).await?))
    }

    /// The lendings of books that should be back, those that should have been for longest first; for librarians and
    /// administrators.
    async fn overdue_lendings(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Lending>> {
        caller(ctx).need(&Scope::STAFF)?;
        let window = PageArguments { first, after, last, before }.window(CursorKind::INSTANT)?;
        Ok(connection(ctx.data::<Lendings>()?.loader().store.overdue(now_ms(ctx)?, &window).await?))
    }

    /// What there is most of.
    #[graphql(shareable)]
    async fn top(&self) -> Top {
        Top
    }

    #[graphql(entity)]
    async fn find_saga_by_id(&self, id: ID) -> Saga {
        Saga::new(id)
    }

    #[graphql(entity)]
    async fn find_lending(&self, ctx: &Context<'_>, lending_number: ID) -> Result<Option<Lending>> {
        visible(ctx, &lending_number).await
    }

    #[graphql(entity)]
    async fn find_lending_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Lending>> {
        let Some(number) = node::key_of(LENDING, &node_key) else { return Ok(None) };
        visible(ctx, &number).await
    }

    /// Whichever it is, lendings can say what is theirs: nothing is asked before a list is.
    #[graphql(entity)]
    async fn find_book(&self, isbn: ID) -> Book {
        Book::new(isbn.0)
    }

    #[graphql(entity)]
    async fn find_student(&self, student_number: ID) -> Student {
        Student::new(student_number.0)
    }
}
