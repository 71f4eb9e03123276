//! What can be asked.
#![expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are its resolver's")]

use async_graphql::{Context, ID, Object, Result};
use lms_kit::{
    graphql::{Connection, connection},
    isbn::Isbn,
    node,
    page::{CursorKind, PageArguments},
};

use super::saga::Saga;
use super::{
    book::{Book, BookFilterInput},
    others::{Author, Genre, Interest, Student},
    top::Top,
};
use crate::{author_number::AuthorNumber, loaders::Books};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The book with this ISBN-10 or ISBN-13.
    async fn book(&self, ctx: &Context<'_>, isbn: ID) -> Result<Option<Book>> {
        let isbn = Isbn::parse("isbn", &isbn)?;
        Ok(ctx.data::<Books>()?.load_one(isbn).await?.map(Book::from))
    }

    /// All books, by title.
    async fn books(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<BookFilterInput>,
    ) -> Result<Connection<Book>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let store = &ctx.data::<Books>()?.loader().store;
        Ok(connection(store.list(&filter.unwrap_or_default().check()?, &window).await?))
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
    async fn find_book(&self, ctx: &Context<'_>, isbn: ID) -> Result<Option<Book>> {
        self.book(ctx, isbn).await
    }

    #[graphql(entity)]
    async fn find_book_by_node_key(&self, ctx: &Context<'_>, node_key: ID) -> Result<Option<Book>> {
        let Some(isbn) = node::key_of("Book", &node_key) else { return Ok(None) };
        self.book(ctx, isbn.into()).await
    }

    /// Whoever it is, books can say what is theirs: nothing is asked before a list is.
    #[graphql(entity)]
    async fn find_author(&self, author_number: ID) -> Option<Author> {
        AuthorNumber::read(&author_number).map(Author::new)
    }

    #[graphql(entity)]
    async fn find_genre(&self, id: ID) -> Genre {
        Genre::new(node::local("Genre", &id))
    }

    #[graphql(entity)]
    async fn find_student(
        &self,
        #[graphql(key)] student_number: ID,
        interests: Option<Vec<Option<Interest>>>,
    ) -> Student {
        Student::new(student_number.0, interests.unwrap_or_default())
    }
}
