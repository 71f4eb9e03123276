//! Why a cache cannot be set up.

/// Why a cache cannot be set up. (A server that is away is no reason: it is asked again later.)
#[derive(Debug, thiserror::Error)]
pub enum CacheSetupError {
    /// The URL is none of a Redis server.
    #[error("this is not the URL of a Redis server: {0}")]
    Url(#[source] redis::RedisError),
}
