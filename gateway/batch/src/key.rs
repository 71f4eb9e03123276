//! What requests must have in common to be joined. Compared by value, never by a hash alone.

use std::sync::Arc;

use bytes::Bytes;
use octavo_executor::{Headers, SubgraphRequest};

/// Headers by which a subgraph tells traces and requests apart, not callers.
const TRACING: [&str; 12] = [
    "b3",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "uber-trace-id",
    "x-amzn-trace-id",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-request-id",
];

/// Requests with equal keys ask the same subgraph the same, on behalf of the same caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    generation: u64,
    subgraph: Arc<str>,
    /// The operation with every variable; for entities, without the representations.
    text: Bytes,
    headers: Vec<(Box<str>, Bytes)>,
}

impl Key {
    pub(crate) fn new(request: &SubgraphRequest, text: &Bytes) -> Self {
        Self {
            generation: request.generation,
            subgraph: Arc::clone(&request.subgraph),
            text: text.clone(),
            headers: significant(&request.headers),
        }
    }

    pub(crate) fn subgraph(&self) -> &Arc<str> {
        &self.subgraph
    }
}

fn significant(headers: &Headers) -> Vec<(Box<str>, Bytes)> {
    let tells =
        |(name, _): &&(Box<str>, Bytes)| !TRACING.iter().any(|trace| name.eq_ignore_ascii_case(trace));
    headers.iter().filter(tells).cloned().collect()
}
