//! Genres by key, many at once: a list of references costs one query.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::{
    graphql::{LoadError, batching},
    text,
};

use crate::{domain::Genre, store::GenreStore};

/// An id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ById(pub(crate) String);

/// The match key of a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ByNameKey(pub(crate) String);

/// Loads genres from their store.
pub(crate) struct GenreLoader {
    store: Arc<dyn GenreStore>,
}

/// The loader of a service.
pub(crate) fn loader(store: Arc<dyn GenreStore>) -> DataLoader<GenreLoader> {
    batching::<ById, _>(GenreLoader { store })
}

impl Loader<ById> for GenreLoader {
    type Value = Genre;
    type Error = LoadError;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, Genre>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|ById(id)| id.clone()).collect();
        let genres = self.store.by_ids(&ids).await?;
        Ok(genres.into_iter().map(|genre| (ById(genre.id.clone()), genre)).collect())
    }
}

impl Loader<ByNameKey> for GenreLoader {
    type Value = Genre;
    type Error = LoadError;

    async fn load(&self, keys: &[ByNameKey]) -> Result<HashMap<ByNameKey, Genre>, LoadError> {
        let keys: Vec<_> = keys.iter().map(|ByNameKey(key)| key.clone()).collect();
        let genres = self.store.by_name_keys(&keys).await?;
        Ok(genres.into_iter().map(|genre| (ByNameKey(text::key(&genre.name)), genre)).collect())
    }
}
