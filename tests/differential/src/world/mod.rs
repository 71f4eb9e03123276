//! Worlds by chance: a monolith, and the same split into subgraphs.
//!
//! 1. [`monolith`] makes types and fields.
//! 2. [`split`] gives types to subgraphs with keys by which they reach one another, and each field to those that resolve it.
//! 3. [`features`] and [`contexts`] add what federation has beyond keys, and [`finish`] what follows from all that.
//! 4. [`sdl`] writes it down.

mod contexts;
mod features;
mod finish;
mod model;
mod monolith;
mod sdl;
mod split;

pub(crate) use model::{
    Context, FieldDef, InputDef, KeyPart, Kind, MUTATION, Mark, Nature, Pick, QUERY, SubgraphId, TypeId,
    TypeRef, World,
};
pub(crate) use monolith::{BOOLEAN, literal};
pub(crate) use sdl::CONTEXT;

impl World {
    /// The world of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut splitter = split::Splitter::new(monolith::Builder::new(seed));
        splitter.add_features();
        splitter.finish()
    }
}
