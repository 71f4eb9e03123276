//! What a subgraph owes a gateway beyond what the GraphQL library gives: entities that fail one by one,
//! and an SDL that says everything.

mod annotate;
mod directives;
mod entities;
mod print;

pub use annotate::{Annotation, CONNECTION, STAFF, SdlError, annotate};
pub(crate) use entities::EntityCalls;
pub use entities::Federated;
