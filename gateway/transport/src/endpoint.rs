//! One subgraph's address, and the head of every request to it.

use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use octavo_admission::{Admission, Limits};
use octavo_executor::Headers;

use crate::TransportError;

pub(crate) struct Endpoint {
    uri: Uri,
    headers: HeaderMap,
    /// The requests to it that are under way.
    pub(crate) calls: Admission,
}

impl Endpoint {
    pub(crate) fn parse(subgraph: &str, url: &str, calls: Limits) -> Result<Self, TransportError> {
        let refused = || TransportError::Url { subgraph: subgraph.to_owned(), url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)];
        let host = uri.authority().filter(|_| known.contains(&uri.scheme())).ok_or_else(refused)?;
        let host = host.as_str().rsplit('@').next().unwrap_or_default();
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| refused())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let accept = "application/json, application/graphql-response+json";
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(USER_AGENT, HeaderValue::from_static("octavo"));
        Ok(Self { uri, headers, calls: Admission::new(calls) })
    }

    /// The address without what may be secret in it: its user, and its query.
    pub(crate) fn url(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or("http");
        format!("{scheme}://{}:{}{}", self.host(), self.port(), self.uri.path())
    }

    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        let usual = if self.uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(usual)
    }

    /// A POST of `body`. The client's headers never replace the gateway's own; a name or value that HTTP does not allow is left out.
    pub(crate) fn request<B>(&self, client: &Headers, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let mut headers = self.headers.clone();
        for (name, value) in client.iter() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_maybe_shared(value.clone());
            if let (Ok(name), Ok(value)) = (name, value)
                && !self.headers.contains_key(&name)
            {
                headers.append(name, value);
            }
        }
        *request.headers_mut() = headers;
        request
    }
}
