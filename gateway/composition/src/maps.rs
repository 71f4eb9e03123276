//! Maps and sets of this crate: all of their keys come from subgraphs' schemas.

use octavo_index::{SchemaMap, SchemaSet, SchemaState};

pub(crate) type HashMap<K, V> = SchemaMap<K, V>;
pub(crate) type HashSet<T> = SchemaSet<T>;
pub(crate) type IndexMap<K, V> = indexmap::IndexMap<K, V, SchemaState>;
pub(crate) type IndexSet<T> = indexmap::IndexSet<T, SchemaState>;
