//! The pooled client.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::{Options, TransportError};

/// After this time without traffic a connection is probed.
const KEEPALIVE: Duration = Duration::from_secs(30);

pub(crate) type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How the connections of a pool are shared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Over TLS, by all requests, where the server speaks HTTP/2.
    All,
    /// Each belongs to one request: streams of events would take up what is shared for long.
    None,
}

/// A client for `http` and `https`.
pub(crate) fn pool(options: &Options, sharing: Sharing) -> Result<Pool, TransportError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect_timeout));
    // A peer that is gone without a word is found out even where nothing is sent.
    tcp.set_keepalive(Some(KEEPALIVE));
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(TransportError::Tls)?
        .https_or_http();
    let connector = match sharing {
        Sharing::All => connector.enable_all_versions().wrap_connector(tcp),
        Sharing::None => connector.enable_http1().wrap_connector(tcp),
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(options.pool_idle)
        // The header stands in each endpoint's template.
        .set_host(false)
        .build(connector))
}
