//! The moves that a query can make between subgraphs.
//!
//! A place of a query is (subgraph, type). From it one can take a field ([`QueryGraph::access`]), narrow an abstract type
//! ([`QueryGraph::runtime_types`]), or enter another subgraph as an entity ([`QueryGraph::entries`]). This crate is the one
//! implementation of "can this move be made, and under which conditions": composition proves satisfiability with it and the planner plans
//! on it, so that what composes can be planned. It knows nothing of operations and of what a plan looks like.

mod access;
mod entity;
mod entry;
mod graph;

pub use access::Access;
pub use entity::{EntityMove, EntityMoves, KeyField, Provider};
pub use entry::Entry;
pub use graph::{Labels, QueryGraph};
