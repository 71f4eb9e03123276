//! Why the transport cannot be set up.

/// Why the transport cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A subgraph's address is none.
    #[error("the URL of subgraph `{subgraph}` is not one of http or https: {url}")]
    Url {
        /// The subgraph.
        subgraph: String,
        /// What stands as its address.
        url: String,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}
