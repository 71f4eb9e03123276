//! Typed ids, vectors indexed by them, maps keyed by them, and a name interner.
//!
//! Everything past `language` refers to types, fields and names by small `Copy` ids into one owner. This crate gives the ids
//! their shape and knows nothing of GraphQL. Nothing here is static: an [`Interner`] belongs to one supergraph or to one
//! operation, and goes when its owner goes.

mod id;
mod id_map;
mod interner;
mod schema_map;
mod vec;

pub use id::Id;
pub use id_map::{IdHasher, IdMap};
pub use interner::{Interner, NameId};
pub use schema_map::{SchemaMap, SchemaSet, SchemaState};
pub use vec::IndexVec;
