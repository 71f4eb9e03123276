//! The pooled client.

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::{Options, TransportError};

pub(crate) type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client for `http` and `https`; over TLS it speaks HTTP/2 where the server offers it.
pub(crate) fn pool(options: &Options) -> Result<Pool, TransportError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect_timeout));
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(TransportError::Tls)?
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(options.pool_idle)
        // The header stands in each endpoint's template.
        .set_host(false)
        .build(connector))
}
