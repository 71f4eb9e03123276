//! The span of a request to a subgraph, as the semantic conventions of HTTP clients have it.

use std::sync::Arc;

use octavo_executor::{Headers, SubgraphError, SubgraphRequest};
use octavo_telemetry::{Kind, Span, TRACEPARENT, TRACESTATE};

use crate::endpoint::Endpoint;

/// Begins it, and puts it in place of the client's span in the headers. A request that is sent for several clients belongs to the
/// first one's trace, and is linked to the others'.
pub(crate) fn asking(request: &mut SubgraphRequest, endpoint: &Endpoint) -> Span {
    if !Span::are_told() {
        return Span::default();
    }
    let links: Vec<&str> = request.joined.iter().filter_map(|headers| text(headers, TRACEPARENT)).collect();
    let parent =
        (text(&request.headers, TRACEPARENT), text(&request.headers, TRACESTATE).unwrap_or_default());
    let name = format!("fetch {}", request.subgraph);
    let mut span = Span::begin_linked(name, Kind::Client, parent, &links);
    span.say([
        ("http.request.method", "POST".into()),
        ("url.full", endpoint.url().into()),
        ("server.address", endpoint.host().to_owned().into()),
        ("server.port", i64::from(endpoint.port()).into()),
        ("graphql.operation.type", format!("{:?}", request.kind).to_lowercase().into()),
        ("octavo.subgraph", request.subgraph.to_string().into()),
    ]);
    if let Some(own) = span.traceparent() {
        let mut headers: Vec<_> =
            request.headers.iter().filter(|(name, _)| &**name != TRACEPARENT).cloned().collect();
        headers.push((TRACEPARENT.into(), own.into()));
        request.headers = Arc::new(headers);
    }
    span
}

/// What came of it.
pub(crate) fn answered(span: &mut Span, error: SubgraphError) {
    match error {
        SubgraphError::Unreachable => span.fail("unreachable"),
        SubgraphError::Interrupted => span.fail("interrupted"),
        SubgraphError::Status(status) => span.fail(status.to_string()),
        SubgraphError::Timeout => span.fail("timeout"),
        SubgraphError::Overloaded => span.fail("overloaded"),
        SubgraphError::TooLarge => span.fail("too_large"),
        SubgraphError::NoEvents => span.fail("no_events"),
        SubgraphError::Rejected => span.fail("rejected"),
    }
}

fn text<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    let found = headers.iter().find(|(header, _)| &**header == name);
    found.and_then(|(_, value)| std::str::from_utf8(value).ok())
}
