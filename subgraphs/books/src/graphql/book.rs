//! Books as clients see them.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use lms_kit::{
    Outcome, Problem,
    graphql::{ProblemView, TextFilter, views},
    node,
};

use super::others::{Author, Genre};
use crate::{
    author_number::AuthorNumber,
    domain::{self, BookFilter, CataloguedBook},
    loaders::{AuthorsOf, Books},
};

/// A book, and whoever wrote it if that is known already.
pub(crate) struct Book {
    book: domain::Book,
    /// Its authors, where they are known already.
    author_numbers: Option<Vec<AuthorNumber>>,
}

impl From<domain::Book> for Book {
    fn from(book: domain::Book) -> Self {
        Self { book, author_numbers: None }
    }
}

impl From<CataloguedBook> for Book {
    fn from(CataloguedBook { book, author_numbers }: CataloguedBook) -> Self {
        Self { book, author_numbers: Some(author_numbers) }
    }
}

/// A book of the library.
#[Object]
impl Book {
    /// The book's identifier in the whole graph.
    async fn id(&self) -> ID {
        node::global("Book", self.book.isbn.as_str()).into()
    }

    #[graphql(inaccessible)]
    async fn node_key(&self) -> ID {
        node::global("Book", self.book.isbn.as_str()).into()
    }

    /// Thirteen digits; an ISBN-10 is accepted wherever one is asked for.
    async fn isbn(&self) -> ID {
        self.book.isbn.as_str().into()
    }

    /// The title.
    async fn title(&self) -> &str {
        &self.book.title
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.book.description.as_deref()
    }

    /// The genre under which it stands.
    async fn genre(&self) -> Option<Genre> {
        self.book.genre_id.clone().map(Genre::new)
    }

    /// Its authors, in the order of the title page; null for one of whom nothing is known yet.
    async fn authors(&self, ctx: &Context<'_>) -> Result<Vec<Option<Author>>> {
        let numbers = match &self.author_numbers {
            Some(numbers) => numbers.clone(),
            None => {
                ctx.data::<Books>()?.load_one(AuthorsOf(self.book.isbn.clone())).await?.unwrap_or_default()
            }
        };
        Ok(numbers.into_iter().map(|number| Some(Author::new(number))).collect())
    }

    /// Where a picture of the cover is.
    async fn photo(&self) -> Option<&str> {
        self.book.photo.as_deref()
    }

    /// Grows with each change by a client.
    async fn version(&self) -> i32 {
        self.book.version
    }
}

/// Which books are wanted.
#[derive(InputObject, Default)]
#[graphql(name = "BookFilter")]
pub(crate) struct BookFilterInput {
    /// What the title must have.
    title: Option<TextFilter>,
    /// Who must be among the authors.
    author_number: Option<ID>,
    /// The genre under which it must stand.
    genre_id: Option<ID>,
}

impl BookFilterInput {
    /// The filter, or which part of it cannot be.
    pub(crate) fn check(self) -> Result<BookFilter, Problem> {
        let number = self.author_number.map(|number| AuthorNumber::parse("authorNumber", &number));
        Ok(BookFilter {
            title: self.title.map(Into::into).unwrap_or_default(),
            author_number: number.transpose()?,
            genre_id: self.genre_id.map(|id| node::local("Genre", &id)),
        })
    }
}

/// What a mutation of a book came to.
#[derive(SimpleObject)]
pub(crate) struct BookPayload {
    /// The book after the change; as it was, when it was deleted.
    book: Option<Book>,
    /// Why nothing was changed.
    problems: Vec<ProblemView>,
}

impl From<Outcome<CataloguedBook>> for BookPayload {
    fn from(outcome: Outcome<CataloguedBook>) -> Self {
        Self { book: outcome.entity.map(Book::from), problems: views(outcome.problems) }
    }
}
