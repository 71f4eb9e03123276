//! Data loaders: what many resolvers of one request ask for one by one is asked of the store at once.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::{
    graphql::{LoadError, OwnedList, batching, by_window, owned},
    isbn::Isbn,
    page::Page,
};

use crate::{author_number::AuthorNumber, domain::Book, store::BookStore};

/// The loader of a schema: nothing is kept from one batch to the next.
pub(crate) type Books = DataLoader<Batches>;

/// What the schema's resolvers load from.
pub(crate) fn loader(store: Arc<dyn BookStore>) -> Books {
    batching::<Isbn, _>(Batches { store })
}

/// One store call a batch.
pub(crate) struct Batches {
    pub(crate) store: Arc<dyn BookStore>,
}

/// The authors of a book.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AuthorsOf(pub(crate) Isbn);

/// Whoever wrote with an author.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CoAuthorsOf(pub(crate) AuthorNumber);

/// A page of the books of an author.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BooksOfAuthor(pub(crate) OwnedList<AuthorNumber>);

/// A page of the books of a genre.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BooksOfGenre(pub(crate) OwnedList<String>);

impl Loader<Isbn> for Batches {
    type Value = Book;
    type Error = LoadError;

    async fn load(&self, isbns: &[Isbn]) -> Result<HashMap<Isbn, Book>, LoadError> {
        let books = self.store.books(isbns).await?;
        Ok(books.into_iter().map(|book| (book.isbn.clone(), book)).collect())
    }
}

impl Loader<AuthorsOf> for Batches {
    type Value = Vec<AuthorNumber>;
    type Error = LoadError;

    async fn load(&self, books: &[AuthorsOf]) -> Result<HashMap<AuthorsOf, Vec<AuthorNumber>>, LoadError> {
        let isbns: Vec<_> = books.iter().map(|AuthorsOf(isbn)| isbn.clone()).collect();
        let pairs = self.store.authors_of(&isbns).await?;
        Ok(gather(pairs.into_iter().map(|(isbn, number)| (AuthorsOf(isbn), number))))
    }
}

impl Loader<CoAuthorsOf> for Batches {
    type Value = Vec<AuthorNumber>;
    type Error = LoadError;

    async fn load(
        &self,
        authors: &[CoAuthorsOf],
    ) -> Result<HashMap<CoAuthorsOf, Vec<AuthorNumber>>, LoadError> {
        let numbers: Vec<_> = authors.iter().map(|CoAuthorsOf(number)| *number).collect();
        let pairs = self.store.co_authors(&numbers).await?;
        Ok(gather(pairs.into_iter().map(|(number, other)| (CoAuthorsOf(number), other))))
    }
}

impl Loader<BooksOfAuthor> for Batches {
    type Value = Page<Book>;
    type Error = LoadError;

    async fn load(&self, lists: &[BooksOfAuthor]) -> Result<HashMap<BooksOfAuthor, Page<Book>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(lists.iter().map(|BooksOfAuthor(list)| list)) {
            let found = self.store.by_authors(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (BooksOfAuthor(list), page)));
        }
        Ok(pages)
    }
}

impl Loader<BooksOfGenre> for Batches {
    type Value = Page<Book>;
    type Error = LoadError;

    async fn load(&self, lists: &[BooksOfGenre]) -> Result<HashMap<BooksOfGenre, Page<Book>>, LoadError> {
        let mut pages = HashMap::new();
        for (window, owners) in by_window(lists.iter().map(|BooksOfGenre(list)| list)) {
            let found = self.store.by_genres(&owners, window).await?;
            pages.extend(owned(found, window).map(|(list, page)| (BooksOfGenre(list), page)));
        }
        Ok(pages)
    }
}

fn gather<K: Eq + Hash>(pairs: impl Iterator<Item = (K, AuthorNumber)>) -> HashMap<K, Vec<AuthorNumber>> {
    let mut lists: HashMap<K, Vec<AuthorNumber>> = HashMap::new();
    pairs.for_each(|(key, number)| lists.entry(key).or_default().push(number));
    lists
}
