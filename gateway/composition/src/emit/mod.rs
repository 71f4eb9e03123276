//! Renders the merged schema: as supergraph SDL, and as the API schema that clients see.

mod api;
mod join;
mod sdl;
mod supergraph;

pub(crate) use api::api;
pub(crate) use join::{JoinVersion, graph_names, graph_value};
pub(crate) use sdl::{directive_definition, merged_directive_definition, quote, value};
pub(crate) use supergraph::{supergraph, supergraph_types};
