//! How services load many things at once.

use std::{hash::Hash, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};

use crate::error::StoreError;

/// A store's failure, shared by all who waited for the same load.
pub type LoadError = Arc<StoreError>;

/// A data loader that asks once for all keys that are wanted together. It keeps nothing: the next request
/// sees what is stored then.
pub fn batching<K, L>(loader: L) -> DataLoader<L, NoCache>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K>,
{
    DataLoader::new(loader, tokio::spawn)
}
