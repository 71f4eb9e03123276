//! A valid operation, bound to a supergraph's ids and normalised.
//!
//! Fragments are gone: each position of the response has one [`SelectionSet`] whose [`Item`]s are merged by response key
//! (<https://spec.graphql.org/draft/#CollectFields()>), each with the object types it is for and the condition under which it is
//! asked. `@skip` and `@include` stay conditions on variables, so that one plan serves all their values.
//!
//! Pipeline: [`bind`] walks the document → [`condition`] combines directives → [`Operation`]; [`refuse`] takes out
//! of it what a caller may not see.

mod bind;
mod condition;
mod defer;
mod mark;
mod model;
mod refuse;
mod types;

pub use bind::BindError;
pub use condition::{Literal, When};
pub use defer::{Count, DeferId, Deferred};
pub use model::{Arguments, ArgumentsId, Item, ItemField, Operation, Place, SelectionSet, SetId, Variable};
pub use refuse::Refused;
