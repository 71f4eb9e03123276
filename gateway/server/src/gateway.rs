//! What is served, and what it is served with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderMap;
use octavo_admission::Admission;
use octavo_authentication::Authenticator;
use octavo_executor::{CachePort, Headers};
use octavo_telemetry::Span;
use tokio::sync::watch;

use crate::{Options, Schema, trace};

/// Answers requests with the [`Schema`] of the moment.
pub struct Gateway {
    schema: ArcSwap<Schema>,
    cache: Option<Arc<dyn CachePort>>,
    authenticator: Option<Authenticator>,
    options: Options,
    admission: Admission,
    no_headers: Headers,
    stopping: watch::Sender<bool>,
}

impl Gateway {
    /// A gateway that serves `schema`; `cache` keeps entities across requests. Without an `authenticator` it looks at no token.
    pub fn new(
        schema: Schema,
        cache: Option<Arc<dyn CachePort>>,
        authenticator: Option<Authenticator>,
        options: Options,
    ) -> Arc<Self> {
        Arc::new(Self {
            schema: ArcSwap::from_pointee(schema),
            cache,
            authenticator,
            admission: Admission::new(options.admission),
            options,
            no_headers: Headers::default(),
            stopping: watch::Sender::new(false),
        })
    }

    /// Serves `schema` from the next request on. Requests under way end with the one they began with.
    pub fn replace_schema(&self, schema: Schema) {
        self.schema.store(Arc::new(schema));
    }

    pub(crate) fn schema(&self) -> Arc<Schema> {
        self.schema.load_full()
    }

    pub(crate) fn cache(&self) -> Option<&dyn CachePort> {
        self.cache.as_deref()
    }

    pub(crate) fn authenticator(&self) -> Option<&Authenticator> {
        self.authenticator.as_ref()
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// From now on `/ready` says no, and subscriptions end.
    pub(crate) fn begin_stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the gateway begins to stop.
    pub(crate) async fn stopping(&self) {
        // The sender lives as long as the gateway.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// The client's headers that subgraphs get; the request's own span in place of the client's, if there is one.
    pub(crate) fn propagated(&self, headers: &HeaderMap, span: &Span) -> Headers {
        let own = trace::HEADERS.into_iter().zip([span.traceparent(), span.tracestate()]);
        let mut chosen: Vec<_> = own.filter_map(|(name, value)| Some((name.into(), value?.into()))).collect();
        let is_told = !chosen.is_empty();
        let configured = self.options.propagated_headers.iter().map(String::as_str);
        let names = configured.chain(trace::HEADERS);
        for name in names.filter(|name| !is_told || !trace::HEADERS.contains(name)) {
            for value in headers.get_all(name) {
                chosen.push((name.into(), bytes::Bytes::copy_from_slice(value.as_bytes())));
            }
        }
        if chosen.is_empty() { Arc::clone(&self.no_headers) } else { Arc::new(chosen) }
    }

    /// Who asks, as far as subgraphs can tell: by the configured headers. `None` when they tell nothing.
    pub(crate) fn caller(propagated: &Headers) -> Option<bytes::Bytes> {
        let mut caller = Vec::new();
        for (name, value) in propagated.iter().filter(|(name, _)| !trace::HEADERS.contains(&&**name)) {
            for part in [name.as_bytes(), value] {
                caller.extend_from_slice(&(part.len() as u64).to_le_bytes());
                caller.extend_from_slice(part);
            }
        }
        if caller.is_empty() { None } else { Some(caller.into()) }
    }
}
