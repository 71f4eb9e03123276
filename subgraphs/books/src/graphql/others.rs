//! What books add to the things of other services.

use std::collections::HashSet;

use async_graphql::{Context, ID, InputObject, Object, Result};
use lms_kit::{
    graphql::{Connection, OwnedList, connection},
    node,
    page::{CursorKind, Page, PageArguments, Window},
};

use super::book::Book;
use crate::{
    author_number::AuthorNumber,
    domain,
    loaders::{Books, BooksOfAuthor, BooksOfGenre, CoAuthorsOf},
};

/// How many books a student is suggested.
const SUGGESTIONS: u32 = 5;

/// An author, as far as books know.
pub(crate) struct Author {
    number: AuthorNumber,
}

impl Author {
    pub(crate) fn new(number: AuthorNumber) -> Self {
        Self { number }
    }
}

#[Object]
impl Author {
    /// The author's key.
    async fn author_number(&self) -> ID {
        self.number.to_string().into()
    }

    /// The author's books, by title.
    async fn books(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Book>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let wanted = BooksOfAuthor(OwnedList { owner: self.number, window });
        let page = ctx.data::<Books>()?.load_one(wanted.clone()).await?;
        Ok(connection(wanted.0.page(page)))
    }

    /// Whoever wrote a book together with this author.
    async fn co_authors(&self, ctx: &Context<'_>) -> Result<Vec<Option<Author>>> {
        let numbers = ctx.data::<Books>()?.load_one(CoAuthorsOf(self.number)).await?.unwrap_or_default();
        Ok(numbers.into_iter().map(|number| Some(Author::new(number))).collect())
    }
}

/// A genre, as far as books know.
pub(crate) struct Genre {
    id: String,
}

impl Genre {
    pub(crate) fn new(id: String) -> Self {
        Self { id }
    }
}

#[Object]
impl Genre {
    /// The genre's key.
    async fn id(&self) -> ID {
        node::global("Genre", &self.id).into()
    }

    /// The books of the genre, by title.
    async fn books(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Book>> {
        let window = PageArguments { first, after, last, before }.window(CursorKind::TEXT)?;
        let wanted = BooksOfGenre(OwnedList { owner: self.id.clone(), window });
        let page = ctx.data::<Books>()?.load_one(wanted.clone()).await?;
        Ok(connection(wanted.0.page(page)))
    }
}

/// A student, as far as books know: what a gateway brought along.
pub(crate) struct Student {
    number: String,
    interests: Vec<String>,
}

impl Student {
    pub(crate) fn new(number: String, interests: Vec<Option<Interest>>) -> Self {
        let interests =
            interests.into_iter().flatten().map(|Interest { id }| node::local("Genre", &id)).collect();
        Self { number, interests }
    }
}

/// A genre in which a student is interested, in a representation.
#[derive(InputObject)]
pub(crate) struct Interest {
    id: ID,
}

#[Object]
impl Student {
    /// The student's key.
    async fn student_number(&self) -> ID {
        self.number.as_str().into()
    }

    /// The genres in which the student is interested.
    #[graphql(external)]
    async fn interests(&self) -> Vec<Option<Genre>> {
        self.interests.iter().map(|id| Some(Genre::new(id.clone()))).collect()
    }

    /// A few books of the genres in which the student is interested.
    #[graphql(requires = "interests { id }")]
    async fn suggestions(&self, ctx: &Context<'_>) -> Result<Vec<Book>> {
        let window = Window { after: None, before: None, limit: SUGGESTIONS, from_end: false };
        let lists = self.interests.iter().map(|id| OwnedList { owner: id.clone(), window: window.clone() });
        let lists: Vec<_> = lists.map(BooksOfGenre).collect();
        let pages = ctx.data::<Books>()?.load_many(lists.clone()).await?;
        let by_genre: Vec<_> =
            lists.iter().map(|list| pages.get(list).map(titles).unwrap_or_default()).collect();
        Ok(in_turn(&by_genre).into_iter().map(Book::from).collect())
    }
}

fn titles(page: &Page<domain::Book>) -> Vec<domain::Book> {
    page.entries.iter().map(|(_, book)| book.clone()).collect()
}

/// The first of each list, then the second of each, until there are enough; no book twice.
fn in_turn(lists: &[Vec<domain::Book>]) -> Vec<domain::Book> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let rounds = (0..longest).flat_map(|round| lists.iter().filter_map(move |list| list.get(round)));
    let mut seen = HashSet::new();
    let enough = usize::try_from(SUGGESTIONS).unwrap_or(usize::MAX);
    rounds.filter(|book| seen.insert(&book.isbn)).take(enough).cloned().collect()
}
