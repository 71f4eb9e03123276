//! The `octavo` command: reads arguments and files, puts the gateway together, prints.
//!
//! Below this crate nothing reads the environment or the file system. [`serve_gateway`] is for programs that hold a gateway in
//! themselves.

mod access;
mod assemble;
mod changes;
mod check;
mod command;
mod compose;
mod config;
mod exit;
mod file;
mod finding;
mod git;
mod log;
mod migrate;
mod output;
mod plan;
mod schema_entry;
mod serve;
mod subgraphs;
mod telemetry;

pub use command::run;
pub use config::{
    AuthenticationConfig, AuthorizationConfig, BatchingConfig, CacheConfig, Config, CorsConfig, EventsConfig,
    HeadersConfig, LimitsConfig, OnInvalid, PlaygroundConfig, ProviderConfig, RedisConfig, SubgraphConfig,
    TelemetryConfig, TimeoutsConfig,
};
pub use exit::Failure;
pub use log::start as start_logging;
pub use telemetry::start as start_tracing;

pub use serve::serve_gateway;
