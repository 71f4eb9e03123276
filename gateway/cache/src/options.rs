//! Where entities are kept.

use std::time::Duration;

/// Where entities are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much memory they may take.
    pub memory_bytes: u64,
    /// A Redis that several gateways share.
    pub redis: Option<RedisOptions>,
    /// Whether changes are heard of. Then nothing is given out before they are.
    pub hears: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_bytes: 64 * 1024 * 1024, redis: None, hears: false }
    }
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisOptions {
    /// `redis://[user:password@]host[:port][/database]`
    pub url: String,
    /// How long a request may wait for it.
    pub timeout: Duration,
}

impl RedisOptions {
    /// The server at `url`, with the usual patience.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), timeout: Duration::from_millis(50) }
    }
}
