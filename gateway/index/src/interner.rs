//! Names as ids, in an owner of their own.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::IndexVec;

crate::define_ids! {
    /// Names a name of one [`Interner`].
    NameId
}

/// Gives each distinct name one id. Owned by one supergraph or one operation, never static.
///
/// Names that clients choose keep the default hash; names of schemas do with [`SchemaState`](crate::SchemaState).
#[derive(Debug, Default, Clone)]
pub struct Interner<S = RandomState> {
    names: IndexVec<NameId, Arc<str>>,
    ids: HashMap<Arc<str>, NameId, S>,
}

impl<S: BuildHasher> Interner<S> {
    /// The id of `name`, made if it is new.
    pub fn intern(&mut self, name: &str) -> NameId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let shared: Arc<str> = name.into();
        let id = self.names.push(Arc::clone(&shared));
        self.ids.insert(shared, id);
        id
    }

    /// The id of `name`, if it was interned.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    /// The text of `id`.
    #[must_use]
    pub fn resolve(&self, id: NameId) -> &str {
        &self.names[id]
    }

    /// How many distinct names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no name was interned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

const _: () = assert!(size_of::<NameId>() == 4);

#[cfg(test)]
mod tests {
    use super::Interner;

    #[test]
    fn equal_names_share_an_id() {
        let mut interner: Interner = Interner::default();
        let a = interner.intern("a");
        let b = interner.intern("b");
        assert_ne!(a, b);
        assert_eq!(interner.intern("a"), a);
        assert_eq!(interner.resolve(b), "b");
        assert_eq!(interner.get("c"), None);
    }
}
