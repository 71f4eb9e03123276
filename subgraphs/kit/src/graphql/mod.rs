//! The one client API as GraphQL types: problems, connections, and what a resolver takes from its context.

mod connection;
mod context;
mod effects;
mod filter;
mod lists;
mod loader;
mod problems;
mod scalars;

pub use connection::{Connection, Edge, PageInfo, connection};
pub use context::{caller, command, settle};
pub use effects::{EffectsLoader, SagaEffect, SagaEffectState, SagaEffectValue, effects, effects_loader};
pub use filter::TextFilter;
pub use lists::{OwnedList, by_window, owned};
pub use loader::{LoadError, batching, gather};
pub use problems::{
    Duplicate, Forbidden, IdempotencyMismatch, Invalid, NotFound, ProblemCode, ProblemView, Unauthenticated,
    Unavailable, VersionConflict, views,
};
pub use scalars::{Date, DateTime, Duration};
