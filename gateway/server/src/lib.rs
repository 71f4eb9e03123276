//! GraphQL over HTTP: the request pipeline, the playground, health.
//!
//! A [`Gateway`] holds what is served now (a [`Schema`] that can be replaced while requests run) and answers requests
//! ([`pipeline`]). [`serve`] runs it on a listener until it is told to stop. What cuts across requests is a layer
//! ([`layer`]). This crate reads no file and no environment: the command hands it texts, ports and [`Options`].

mod authorization;
mod document;
mod execution;
mod failure;
mod gateway;
mod introspection;
mod layer;
mod limit;
mod listen;
mod metrics;
mod monitor;
mod options;
mod overrides;
mod pipeline;
mod plan_cache;
mod planning;
mod playground;
mod probe;
mod request;
mod respond;
mod router;
mod schema;
mod trace;

pub use gateway::Gateway;
pub use listen::serve;
pub use options::{
    AuthorizationOptions, CorsOptions, OperationLimits, Options, Origins, PlaygroundOptions, Unauthorized,
};
pub use overrides::Share;
pub use router::router;
pub use schema::Schema;
