//! Keys that are published at a URL.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::ACCEPT;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::{FetchError, KeySource};

/// How long an answer may take: a request may wait for it.
const WITHIN: Duration = Duration::from_secs(5);
/// The most bytes of a set of keys.
const MOST_BYTES: usize = 256 * 1024;

/// Keys that are published at a URL, `http` or `https`. Redirects are not followed.
pub struct HttpKeys {
    uri: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// Why keys cannot be asked for at a URL.
#[derive(Debug, thiserror::Error)]
pub enum HttpKeysError {
    /// It is none.
    #[error("it is not a URL of http or https")]
    Url,
    /// The authorities are no certificates.
    #[error("the authorities are not certificates in PEM")]
    Authorities,
    /// The TLS library refuses what it is given.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl HttpKeys {
    /// Keys at `url`. `authorities` are certificates in PEM: only those are trusted then, else those that browsers trust.
    pub fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, HttpKeysError> {
        let uri: Uri = url.parse().map_err(|_| HttpKeysError::Url)?;
        if uri.host().is_none() || !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(HttpKeysError::Url);
        }
        let provider = ring::default_provider();
        let connector = HttpsConnectorBuilder::new();
        let connector = match authorities {
            None => connector.with_provider_and_webpki_roots(provider)?,
            Some(pem) => connector.with_tls_config(
                ClientConfig::builder_with_provider(Arc::new(provider))
                    .with_safe_default_protocol_versions()?
                    .with_root_certificates(trusted(pem)?)
                    .with_no_client_auth(),
            ),
        };
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self { uri, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// Whether they come over a network without TLS.
    pub fn are_open(&self) -> bool {
        let here = matches!(self.uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        self.uri.scheme_str() == Some("http") && !here
    }

    async fn get(&self) -> Result<Bytes, FetchError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        let response = self.client.request(request).await;
        let response = response.map_err(|error| FetchError::Unreachable(innermost(&error)))?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|_| FetchError::Interrupted(MOST_BYTES))
    }
}

impl KeySource for HttpKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        async { timeout(WITHIN, self.get()).await.unwrap_or(Err(FetchError::Timeout(WITHIN))) }.boxed()
    }
}

fn trusted(pem: &[u8]) -> Result<RootCertStore, HttpKeysError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|_| HttpKeysError::Authorities)?)?;
    }
    if roots.is_empty() { Err(HttpKeysError::Authorities) } else { Ok(roots) }
}

/// What is at the bottom of an error: those above it say only that there is one.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
