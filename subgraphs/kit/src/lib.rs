//! What every service of the library shares, a noun a module.
//!
//! A service names its types and rules; this crate gives it an engine by URL, migrations, the outbox and
//! idempotency rows of a change, the one client API (problems, connections, cursors), federation as a
//! composer and a gateway need it, and a process to run in. It knows no service and no domain.
//!
//! The way of a request: `service::http` → [`access`] → `guard` → `service::execute` → the service's resolvers →
//! its store, over [`sql`] → one [`change`] (rows, outbox and idempotency in one transaction).

pub mod access;
mod backoff;
mod breaker;
pub mod bus;
pub mod change;
pub mod changes;
pub mod deposit;
pub mod documents;
pub mod engine;
pub mod error;
pub mod event;
pub mod fault;
pub mod federation;
pub mod graphql;
pub mod guard;
pub mod idempotency;
pub mod inbox;
pub mod isbn;
pub mod migrate;
pub mod node;
pub mod outbox;
mod pace;
pub mod page;
pub mod patch;
pub mod planted;
pub mod problem;
pub mod records;
pub mod saga;
pub mod service;
pub mod sources;
pub mod sql;
pub mod text;
pub mod trace;
pub mod watch;

pub use engine::EngineUrl;
pub use error::{OpenError, StoreError};
pub use problem::{Outcome, Problem, Refusal};
pub use service::Service;
pub use sources::Sources;
