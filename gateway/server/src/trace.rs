//! The span of a client's request, and those of its stages. Never a variable, a literal or a header.

use http::HeaderMap;
use octavo_query_plan::OperationKind;
use octavo_telemetry::{Kind, Span, TRACEPARENT, TRACESTATE};

/// Headers that carry a trace; subgraphs always get them. See <https://www.w3.org/TR/trace-context/>.
pub(crate) const HEADERS: [&str; 2] = [TRACEPARENT, TRACESTATE];

/// Begins it in the client's trace, or in one of its own.
pub(crate) fn received(method: &str, headers: &HeaderMap) -> Span {
    if !Span::are_told() {
        return Span::default();
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let parent = (text(TRACEPARENT), text(TRACESTATE).unwrap_or_default());
    let mut span = Span::begin_linked("graphql", Kind::Server, parent, &[]);
    // Whatever else somebody may send as a method is no word of the conventions.
    let method = if matches!(method, "GET" | "POST") { method.to_owned() } else { "_OTHER".to_owned() };
    span.say([("http.request.method", method.into()), ("http.route", "/graphql".into())]);
    span
}

/// What is asked, once it is known.
pub(crate) fn asked(span: &mut Span, kind: OperationKind, name: Option<&str>) {
    let kind = match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    };
    span.operation(kind, name);
}

/// Does a stage of the request in a span of its own.
pub(crate) async fn stage<T>(request: &Span, name: &'static str, work: impl Future<Output = T>) -> T {
    let parent = request.traceparent();
    let span = parent.map(|parent| Span::begin(name, Kind::Internal, Some(&parent)));
    let done = work.await;
    drop(span);
    done
}
