//! GraphQL text to AST and back.
//!
//! The only crate that names the parser library: it puts limits in front of it ([`Limits`]), and gives out what has been
//! checked as types of its own ([`TypeSystemDocument`], [`ValidSchema`], [`ValidDocument`]). It knows nothing of federation.

mod error;
mod field_set;
mod limits;
mod one_of;
mod operation;
mod places;
mod reader;
mod stream;
mod type_system;

/// The syntax tree, spans included. See <https://spec.graphql.org/draft/#sec-Document>.
pub use apollo_compiler::ast;
/// Operations and fragments with each field's definition resolved.
pub use apollo_compiler::executable;
/// A type system with its extensions merged.
pub use apollo_compiler::schema;
pub use apollo_compiler::{Name, Node};

pub use error::{GraphqlError, Location};
pub use field_set::parse_field_set;
pub use limits::Limits;
pub use operation::{CoercedVariables, ValidDocument};
pub use reader::parse_without_places;
pub use type_system::{TypeSystemDocument, ValidSchema};
