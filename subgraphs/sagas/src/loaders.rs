//! Sagas by key, many at once.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::graphql::{LoadError, batching};

use crate::{saga::Saga, store::SagaStore};

/// An id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ById(pub(crate) String);

/// Loads sagas from their store.
pub(crate) struct SagaLoader {
    store: Arc<dyn SagaStore>,
}

/// The loader of a service.
pub(crate) fn loader(store: Arc<dyn SagaStore>) -> DataLoader<SagaLoader> {
    batching::<ById, _>(SagaLoader { store })
}

impl Loader<ById> for SagaLoader {
    type Value = Saga;
    type Error = LoadError;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, Saga>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|ById(id)| id.clone()).collect();
        let sagas = self.store.by_ids(&ids).await?;
        Ok(sagas.into_iter().map(|saga| (ById(saga.id.clone()), saga)).collect())
    }
}
