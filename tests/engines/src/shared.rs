//! The engines that `cargo xtask test` started once for all tests.
//!
//! A test that needs one fails when it is not there; it never skips. Each test takes a database of its own.

use std::env;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::postgres::ROLE;
use crate::sql;

/// Names the URL of the shared `PostgreSQL`.
pub const POSTGRES: &str = "OCTAVO_TEST_POSTGRES_URL";
/// Names the URL of the shared `MongoDB` wire server.
pub const MONGO: &str = "OCTAVO_TEST_MONGO_URL";
/// Names the URL of the shared Redis.
pub const REDIS: &str = "OCTAVO_TEST_REDIS_URL";
/// Names the URL of the shared Pulsar.
pub const PULSAR: &str = "OCTAVO_TEST_PULSAR_URL";
/// Names the URL of the shared Pulsar's admin API.
pub const PULSAR_ADMIN: &str = "OCTAVO_TEST_PULSAR_ADMIN_URL";

/// The URL of a fresh, empty database on the shared `PostgreSQL`; its name begins with the service's.
pub async fn postgres_database(service: &str) -> anyhow::Result<String> {
    let server = url(POSTGRES)?;
    let (start, _) =
        server.rsplit_once('/').with_context(|| format!("{POSTGRES}={server} names no database"))?;
    let (_, address) =
        start.rsplit_once('@').with_context(|| format!("{POSTGRES}={server} names no role"))?;
    let address: SocketAddr = address.parse().with_context(|| format!("{address} is no address"))?;
    let name = unique(service);
    sql::create_database(address, ROLE, &name).await?;
    Ok(format!("{start}/{name}"))
}

/// The URL of a database on the shared `MongoDB` wire server that no other test uses.
pub fn mongo_database(service: &str) -> anyhow::Result<String> {
    Ok(format!("{}/{}", url(MONGO)?.trim_end_matches('/'), unique(service)))
}

/// The URL of the shared Redis; keys need a prefix of the test's own, such as [`unique`] gives.
pub fn redis() -> anyhow::Result<String> {
    url(REDIS)
}

/// The URL of the shared Pulsar; topics need a name of the test's own, such as [`unique`] gives.
pub fn pulsar() -> anyhow::Result<String> {
    url(PULSAR)
}

/// The URL of the shared Pulsar's admin API.
pub fn pulsar_admin() -> anyhow::Result<String> {
    url(PULSAR_ADMIN)
}

/// A name that no other test of any run uses.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    format!("{prefix}_{}_{millis}_{count}", std::process::id())
}

fn url(variable: &str) -> anyhow::Result<String> {
    env::var(variable)
        .with_context(|| format!("{variable} is not set: run `cargo xtask test`, which starts the engines"))
}
