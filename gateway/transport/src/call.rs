//! The executor's port: one call is at most two attempts before one deadline.

use std::collections::HashMap;
use std::error::Error;
use std::io;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use octavo_admission::Overloaded;
use octavo_executor::{Events, SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};
use octavo_query_plan::OperationKind;
use octavo_telemetry::Span;
use tokio::time::timeout;

use crate::connect::{Pool, Sharing, pool};
use crate::endpoint::Endpoint;
use crate::subscribe::subscribe;
use crate::{Options, TransportError, answer, cache_hint, trace};

/// The subgraphs of one supergraph, asked over HTTP.
pub struct HttpSubgraphs {
    pool: Pool,
    /// For streams of events.
    streams: Pool,
    endpoints: HashMap<Box<str>, Endpoint>,
    options: Options,
}

impl HttpSubgraphs {
    /// Subgraphs by name and URL. One without a URL may exist; it cannot be reached.
    pub fn new<'a>(
        subgraphs: impl IntoIterator<Item = (&'a str, &'a str)>,
        options: Options,
    ) -> Result<Self, TransportError> {
        let mut endpoints = HashMap::new();
        for (name, url) in subgraphs.into_iter().filter(|(_, url)| !url.is_empty()) {
            endpoints.insert(name.into(), Endpoint::parse(name, url, options.calls)?);
        }
        let (pool, streams) = (pool(&options, Sharing::All)?, pool(&options, Sharing::None)?);
        Ok(Self { pool, streams, endpoints, options })
    }

    async fn attempts(
        &self,
        endpoint: &Endpoint,
        request: &SubgraphRequest,
        span: &mut Span,
    ) -> Result<SubgraphResponse, SubgraphError> {
        let response = match self.attempt(endpoint, request).await {
            Err(error) if request.kind == OperationKind::Query && closed_early(&error) => {
                tracing::debug!(subgraph = &*request.subgraph, "a connection was closed; asking once more");
                self.attempt(endpoint, request).await
            }
            outcome => outcome,
        };
        let response = response.map_err(|error| {
            tracing::debug!(subgraph = &*request.subgraph, error = &error as &dyn Error, "no answer");
            SubgraphError::Unreachable
        })?;
        let status = response.status();
        span.say([("http.response.status_code", i64::from(status.as_u16()).into())]);
        let cache = cache_hint::read(response.headers(), &request.headers);
        let is_overloaded =
            status == StatusCode::SERVICE_UNAVAILABLE && response.headers().contains_key(RETRY_AFTER);
        let body = answer::read(response.into_body(), self.options.max_response_bytes).await?;
        if is_overloaded {
            return Err(SubgraphError::Overloaded);
        }
        if !status.is_success() && !answer::is_graphql(&body) {
            return Err(SubgraphError::Status(status.as_u16()));
        }
        Ok(SubgraphResponse { body, cache })
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        request: &SubgraphRequest,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        let body: Full<Bytes> = Full::new(request.body.clone());
        self.pool.request(endpoint.request(&request.headers, body)).await
    }
}

impl SubgraphPort for HttpSubgraphs {
    fn call(&self, mut request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        async move {
            let Some(endpoint) = self.endpoints.get(&*request.subgraph) else {
                tracing::debug!(subgraph = &*request.subgraph, "no URL is known");
                return Err(SubgraphError::Unreachable);
            };
            let mut span = trace::asking(&mut request, endpoint);
            let outcome = match endpoint.calls.enter().await {
                Ok(_place) => {
                    let attempts = self.attempts(endpoint, &request, &mut span);
                    let answered = timeout(self.options.timeout, attempts).await;
                    answered.unwrap_or(Err(SubgraphError::Timeout))
                }
                Err(Overloaded) => Err(SubgraphError::Overloaded),
            };
            if let Err(error) = &outcome {
                tracing::warn!(subgraph = &*request.subgraph, %error, "no answer");
                trace::answered(&mut span, *error);
            }
            outcome
        }
        .boxed()
    }

    fn subscribe(&self, mut request: SubgraphRequest) -> BoxFuture<'_, Result<Events, SubgraphError>> {
        async move {
            let endpoint = self.endpoints.get(&*request.subgraph).ok_or(SubgraphError::Unreachable)?;
            let mut span = trace::asking(&mut request, endpoint);
            let opened = subscribe(&self.streams, endpoint, &request, &self.options).await;
            opened.inspect_err(|error| trace::answered(&mut span, *error))
        }
        .boxed()
    }
}

/// Whether an open connection ended before an answer began. (A connection that could not be opened is not tried again:
/// that would only double the wait.)
fn closed_early(error: &hyper_util::client::legacy::Error) -> bool {
    if error.is_connect() {
        return false;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_canceled() || error.is_closed() || error.is_incomplete_message())
        {
            return true;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
            return matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
        }
        source = error.source();
    }
    false
}
