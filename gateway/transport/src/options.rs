//! How subgraphs are asked.

use std::time::Duration;

use octavo_admission::Limits;

/// How subgraphs are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// From the first attempt to the last byte of the answer.
    pub timeout: Duration,
    /// To open a connection.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub pool_idle: Duration,
    /// The largest answer that is read.
    pub max_response_bytes: usize,
    /// How many requests to each subgraph are under way at once, and how many wait for one to end. Fewer than the gateway
    /// works on in all, so that a subgraph that hangs leaves room for what does not need it.
    pub calls: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            pool_idle: Duration::from_secs(15),
            max_response_bytes: 32 * 1024 * 1024,
            calls: Limits { in_flight: 512, waiting: 256, ..Limits::default() },
        }
    }
}
