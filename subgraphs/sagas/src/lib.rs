//! The sagas service: what needs several services is done step by step, and undone if it cannot be done.
//!
//! What has happened (a mutation, an answer, time) goes through [`machine`], which is pure; [`coordinator`]
//! stores the saga that comes of it together with what is to be asked. [`definition`] says what each kind
//! of saga consists of.

pub mod coordinator;
pub mod definition;
pub mod machine;
pub mod saga;
mod store;

/// The subgraph's name.
pub const NAME: &str = "sagas";
