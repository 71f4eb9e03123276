//! Data loaders: what many resolvers of one request ask for one by one is asked of the store at once.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::{
    graphql::{LoadError, batching},
    page::{Page, Window},
};

use crate::{
    author_number::AuthorNumber,
    domain::Book,
    isbn::Isbn,
    store::{BookStore, PerOwner},
};

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

/// Whose list, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedList<O> {
    /// The author's number, or the genre's identifier.
    pub(crate) owner: O,
    /// The part.
    pub(crate) window: Window,
}

impl<O: Hash> Hash for OwnedList<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Lists of one owner are nearly always asked for with one window.
        self.owner.hash(state);
    }
}

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
            let found = self.store.by_authors(&owners, &window).await?;
            pages.extend(owned(found, &window).map(|(list, page)| (BooksOfAuthor(list), page)));
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
            let found = self.store.by_genres(&owners, &window).await?;
            pages.extend(owned(found, &window).map(|(list, page)| (BooksOfGenre(list), page)));
        }
        Ok(pages)
    }
}

/// The owners asked about for each window: a request names few windows and many owners.
fn by_window<'l, O: Clone + 'l>(lists: impl Iterator<Item = &'l OwnedList<O>>) -> Vec<(Window, Vec<O>)> {
    let mut groups: Vec<(Window, Vec<O>)> = Vec::new();
    for OwnedList { owner, window } in lists {
        match groups.iter_mut().find(|(known, _)| known == window) {
            Some((_, owners)) => owners.push(owner.clone()),
            None => groups.push((window.clone(), vec![owner.clone()])),
        }
    }
    groups
}

fn owned<O, T>(found: PerOwner<O, T>, window: &Window) -> impl Iterator<Item = (OwnedList<O>, T)> {
    found.into_iter().map(|(owner, list)| (OwnedList { owner, window: window.clone() }, list))
}

fn gather<K: Eq + Hash>(pairs: impl Iterator<Item = (K, AuthorNumber)>) -> HashMap<K, Vec<AuthorNumber>> {
    let mut lists: HashMap<K, Vec<AuthorNumber>> = HashMap::new();
    pairs.for_each(|(key, number)| lists.entry(key).or_default().push(number));
    lists
}
