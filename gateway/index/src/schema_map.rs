//! Hash maps of what schemas say: names, coordinates, field sets.
//!
//! Their keys come from the operator, so that a quick hash does: its seed differs from run to run, but it is not made to withstand
//! somebody who searches for keys that collide. What clients send is kept in the standard library's maps.

use std::collections::{HashMap, HashSet};

/// How keys of these maps are hashed.
pub type SchemaState = foldhash::fast::RandomState;

/// A hash map whose keys schemas give.
pub type SchemaMap<K, V> = HashMap<K, V, SchemaState>;

/// A hash set of what schemas give.
pub type SchemaSet<T> = HashSet<T, SchemaState>;
