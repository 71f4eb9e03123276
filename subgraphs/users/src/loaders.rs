//! Users by key, many at once: a list of references costs one query.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::{DataLoader, Loader};
use lms_kit::graphql::{LoadError, batching};

use crate::{domain::User, store::UserStore};

/// An id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ById(pub(crate) String);

/// The match key of a username.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ByUsernameKey(pub(crate) String);

/// Loads users from their store.
pub(crate) struct UserLoader {
    store: Arc<dyn UserStore>,
}

/// The loader of a service.
pub(crate) fn loader(store: Arc<dyn UserStore>) -> DataLoader<UserLoader> {
    batching::<ById, _>(UserLoader { store })
}

impl Loader<ById> for UserLoader {
    type Value = User;
    type Error = LoadError;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, User>, LoadError> {
        let ids: Vec<_> = keys.iter().map(|ById(id)| id.clone()).collect();
        let users = self.store.by_ids(&ids).await?;
        Ok(users.into_iter().map(|user| (ById(user.id.clone()), user)).collect())
    }
}

impl Loader<ByUsernameKey> for UserLoader {
    type Value = User;
    type Error = LoadError;

    async fn load(&self, keys: &[ByUsernameKey]) -> Result<HashMap<ByUsernameKey, User>, LoadError> {
        let keys: Vec<_> = keys.iter().map(|ByUsernameKey(key)| key.clone()).collect();
        let users = self.store.by_username_keys(&keys).await?;
        Ok(users.into_iter().map(|user| (ByUsernameKey(user.username_key()), user)).collect())
    }
}
