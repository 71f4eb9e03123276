//! Authors by number, many at once: a list of references costs one query.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::graphql::{LoadError, batching};

use crate::{domain::Author, store::AuthorStore};

/// An author number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ByNumber(pub(crate) i64);

/// Loads authors from their store.
pub(crate) struct AuthorLoader {
    store: Arc<dyn AuthorStore>,
}

/// The loader of a service.
pub(crate) fn loader(store: Arc<dyn AuthorStore>) -> DataLoader<AuthorLoader> {
    batching::<ByNumber, _>(AuthorLoader { store })
}

impl Loader<ByNumber> for AuthorLoader {
    type Value = Author;
    type Error = LoadError;

    async fn load(&self, keys: &[ByNumber]) -> Result<HashMap<ByNumber, Author>, LoadError> {
        let numbers: Vec<_> = keys.iter().map(|ByNumber(number)| *number).collect();
        let authors = self.store.by_numbers(&numbers).await?;
        Ok(authors.into_iter().map(|author| (ByNumber(author.number), author)).collect())
    }
}
