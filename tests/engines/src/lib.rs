//! Real engines, started and stopped for a test run.
//!
//! `PostgreSQL`, Redis, the `MongoDB` wire protocol (`FerretDB`) and Apache Pulsar run as processes of their own, on free
//! loopback ports and with their data in a folder that goes away with them. Nothing that was not started here is
//! touched.
//!
//! `cargo xtask test` starts each once and passes its URL on; a test finds them through [`shared`]. A test that breaks an
//! engine starts one of its own: `Postgres::start().await?`, then [`Engine::kill9`], [`Engine::pause`],
//! [`Engine::restart`].

mod artefacts;
mod binaries;
mod disk;
mod engine;
mod folder;
mod health;
mod mongo;
mod package;
mod ports;
mod postgres;
mod programs;
mod pulsar;
mod redis;
mod server;
pub mod shared;
mod sql;

pub use binaries::binary;
pub use disk::may_have_disks;
pub use engine::Engine;
pub use mongo::Mongo;
pub use package::variables_of_the_package;
pub use ports::free_address;
pub use postgres::Postgres;
pub use programs::{Program, missing_programs};
pub use pulsar::{Pulsar, Security};
pub use redis::Redis;
pub use server::Server;
