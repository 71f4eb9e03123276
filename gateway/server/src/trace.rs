//! The span of a client's request, and those of its stages. Never a variable, a literal or a header.

use http::HeaderMap;
use octavo_query_plan::OperationKind;
use octavo_telemetry::{Kind, Span};

/// Headers that carry a trace; subgraphs always get them. See <https://www.w3.org/TR/trace-context/>.
pub(crate) const HEADERS: [&str; 2] = ["traceparent", "tracestate"];

/// Begins it in the client's trace, or in one of its own.
pub(crate) fn received(method: &str, headers: &HeaderMap) -> Span {
    if !Span::are_told() {
        return Span::default();
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let parent = (text(HEADERS[0]), text(HEADERS[1]).unwrap_or_default());
    let mut span = Span::begin_linked("graphql", Kind::Server, parent, &[]);
    // Whatever else somebody may send as a method is no word of the conventions.
    let method = if matches!(method, "GET" | "POST") { method.to_owned() } else { "_OTHER".to_owned() };
    span.say([("http.request.method", method.into()), ("http.route", "/graphql".into())]);
    span
}

/// What is asked, once it is known.
pub(crate) fn asked(span: &mut Span, kind: OperationKind, name: Option<&str>) {
    if !span.is_told() {
        return;
    }
    let kind = match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    };
    span.say([("graphql.operation.type", kind.into())]);
    match name {
        Some(name) => {
            span.say([("graphql.operation.name", name.to_owned().into())]);
            span.rename(format!("{kind} {name}"));
        }
        None => span.rename(kind),
    }
}

/// Does a stage of the request in a span of its own.
pub(crate) async fn stage<T>(request: &Span, name: &'static str, work: impl Future<Output = T>) -> T {
    let parent = request.traceparent();
    let span = parent.map(|parent| Span::begin(name, Kind::Internal, Some(&parent)));
    let done = work.await;
    drop(span);
    done
}

/// What the log lines of a request are told apart by, those of errors too where nothing else is logged; nothing when it
/// belongs to no trace.
pub(crate) fn logged(span: &Span) -> tracing::Span {
    span.trace_id()
        .map_or_else(tracing::Span::none, |trace| tracing::error_span!("request", trace_id = trace))
}
