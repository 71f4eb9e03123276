//! Keys that sign, a server that publishes them, and headers that bring tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use http::HeaderMap;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header, encode};
use octavo_authentication::{Algorithm, Authenticator, HttpKeys, KeySource, Options, Provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) const ISSUER: &str = "https://issuer.example/";

/// An Ed25519 key, made of a seed.
pub(crate) fn ed_key(seed: u8) -> EncodingKey {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

pub(crate) fn rsa_key() -> EncodingKey {
    EncodingKey::from_rsa_pem(include_bytes!("rsa.pem")).expect("a key")
}

/// The public half of a key, as it is published.
pub(crate) fn published(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).expect("a key");
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).expect("JSON")
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Claims that are good for an hour.
pub(crate) fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "shop", "sub": "u1", "scope": "read write", "exp": now() + 3600 })
}

pub(crate) fn signed(key: &EncodingKey, algorithm: Algorithm, id: Option<&str>, claims: &Value) -> String {
    let header = Header { kid: id.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, key).expect("a token")
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a value"));
    headers
}

pub(crate) fn provider(source: impl KeySource + 'static) -> Provider {
    use Algorithm::{ES256, EdDSA, RS256};
    Provider {
        name: "keys".to_owned(),
        source: Arc::new(source),
        issuers: vec![ISSUER.to_owned()],
        audiences: vec!["shop".to_owned()],
        algorithms: vec![EdDSA, ES256, RS256],
        refresh: Duration::from_mins(5),
    }
}

pub(crate) fn authenticator(provider: Provider) -> Authenticator {
    Authenticator::new(Options::default(), vec![provider])
}

/// A server of keys, and how often it was asked.
pub(crate) struct Publisher {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Publisher {
    /// Publishes keys over HTTP.
    pub(crate) async fn open(keys: Value) -> Self {
        Self::start(keys, None).await
    }

    /// Publishes keys over HTTPS; gives with it the certificate that it shows, in PEM.
    pub(crate) async fn secure(keys: Value) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let chain = vec![CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).expect("a key");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("TLS")
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .expect("a pair");
        (Self::start(keys, Some(TlsAcceptor::from(Arc::new(config)))).await, made.cert.pem())
    }

    async fn start(keys: Value, tls: Option<TlsAcceptor>) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let router = Router::new().route(
            "/keys",
            get(move || async move {
                count.fetch_add(1, Ordering::SeqCst);
                axum::Json(keys)
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let service = TowerToHyperService::new(router);
            // The connections end with the task.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (service, tls) = (service.clone(), tls.clone());
                connections.spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    match tls {
                        None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            drop(server.serve_connection(TokioIo::new(stream), service).await);
                        }
                    }
                });
            }
        });
        Self { address, asked, task }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.task.abort();
    }

    pub(crate) fn http(&self) -> HttpKeys {
        HttpKeys::new(&format!("http://{}/keys", self.address), None).expect("a URL")
    }

    pub(crate) fn https(&self, authorities: Option<&str>) -> HttpKeys {
        let url = format!("https://{}/keys", self.address);
        HttpKeys::new(&url, authorities.map(str::as_bytes)).expect("a URL")
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}
