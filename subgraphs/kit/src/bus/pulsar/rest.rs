//! The admin API as an HTTP client sees it: a path, JSON there, JSON back.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use reqwest::Url;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::Value;

use super::Token;
use crate::{bus::BusError, error::Cause};

/// The longest answer that is read: a namespace's policies and a broker's configuration are far shorter.
const LONGEST: usize = 16 * 1024 * 1024;

/// A client of the admin API.
pub(super) struct Rest {
    http: Client<HttpsConnector<HttpConnector>, Body>,
    base: Url,
    token: Option<Token>,
    timeout: Duration,
}

impl Rest {
    pub(super) fn new(
        base: Url,
        ca: Option<&[u8]>,
        token: Option<Token>,
        timeout: Duration,
    ) -> Result<Self, Cause> {
        let connector = HttpsConnectorBuilder::new();
        let connector = match ca {
            Some(pem) => connector.with_tls_config(trusting(pem)?),
            None => connector.with_provider_and_webpki_roots(ring::default_provider())?,
        };
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self { http: Client::builder(TokioExecutor::new()).build(connector), base, token, timeout })
    }

    /// Calls the API below `admin/v2`, and returns what was answered, whatever its status.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), BusError> {
        self.ask(self.request(method, path, body.map(|body| ("application/json", body)))).await
    }

    /// The same with a body of another type than JSON in general.
    pub(super) async fn call_with(
        &self,
        method: Method,
        path: &[&str],
        body: (&str, &Value),
    ) -> Result<(StatusCode, Value), BusError> {
        self.ask(self.request(method, path, Some(body))).await
    }

    async fn ask(&self, request: Result<Request<Body>, Cause>) -> Result<(StatusCode, Value), BusError> {
        let request = request.map_err(BusError::Refused)?;
        match tokio::time::timeout(self.timeout, self.send(request)).await {
            Ok(answer) => answer.map_err(BusError::Away),
            Err(_) => Err(BusError::Timeout(self.timeout)),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        body: Option<(&str, &Value)>,
    ) -> Result<Request<Body>, Cause> {
        let mut url = self.base.clone();
        let mut segments = url.path_segments_mut().map_err(|()| "the admin API's URL has no path")?;
        segments.pop_if_empty().extend(["admin", "v2"]).extend(path);
        drop(segments);
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.read()?));
        }
        let Some((kind, body)) = body else { return Ok(request.body(Body::empty())?) };
        Ok(request.header(header::CONTENT_TYPE, kind).body(Body::from(body.to_string()))?)
    }

    async fn send(&self, request: Request<Body>) -> Result<(StatusCode, Value), Cause> {
        let answer = self.http.request(request).await?;
        let status = answer.status();
        let bytes = to_bytes(Body::new(answer.into_body()), LONGEST).await?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
    }
}

/// Trusts these certificates and no others.
fn trusting(pem: &[u8]) -> Result<ClientConfig, Cause> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates of a PEM text; at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() { Err("there is no certificate in it".into()) } else { Ok(certificates) }
}
