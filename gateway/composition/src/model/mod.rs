//! Subgraph schemas as composition sees them: extensions folded in, root types renamed, directives resolved to what they mean.
//!
//! Everything borrows from the parsed documents, which outlive a composition.

mod applied;
mod definition;
mod graph;
mod reference;

pub(crate) use applied::{Applied, Builtin, Meaning};
pub(crate) use definition::{
    Argument, DirectiveDefinition, EnumValue, Field, FieldSet, Key, Kind, Schema, TypeDefinition,
};
pub(crate) use graph::{Declared, GraphId, Link, Subgraph, Version};
pub(crate) use reference::{Span, TypeReference, is_builtin_scalar, span_of, span_of_name};
