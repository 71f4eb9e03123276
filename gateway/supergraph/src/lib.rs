//! A supergraph's SDL as a frozen, indexed schema.
//!
//! Reads what composition writes, ours or another's (join spec v0.2 to v0.5, <https://specs.apollo.dev/join/v0.3/>), and answers
//! by small ids: which subgraph has which type and field, by which keys, and what clients may see of it. It knows nothing of
//! operations or of how to move between subgraphs.
//!
//! Pipeline: parse the SDL → names of the specs' directives ([`links`]) → types and fields ([`build`]) → client schema ([`api`])
//! → what fields ask of callers ([`access`]).

mod access;
mod api;
mod arguments;
mod build;
mod cache;
mod context;
mod error;
mod join;
mod links;
mod model;

pub use access::{Access, Alternatives, Requirement};
pub use arguments::canonical_arguments;
pub use cache::CachePolicy;
pub use error::SupergraphError;
pub use model::{
    ContextArgument, ContextSelection, Field, FieldId, FieldJoin, FieldSelection, FieldSet, JoinedType, Key,
    RequirementId, RootKind, Subgraph, SubgraphId, Supergraph, Type, TypeId, TypeKind, TypeRef,
};
