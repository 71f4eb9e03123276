//! One request: guarded, parsed, executed, and its response put right.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    ErrorExtensionValues, Request, Response, ServerError, Value,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use octavo_admission::Overloaded;
use octavo_telemetry::Span;
use tracing::Instrument;

use super::{Service, absent, nulls, order};
use crate::{
    access::{Unverified, Verified},
    error::StoreError,
    federation::EntityCalls,
    graphql::gather,
    guard,
    idempotency::Call,
    trace,
};

/// What a request's headers say to a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// `Authorization`, which a secured service reads.
    pub authorization: Option<String>,
    /// The name that an open service knows the caller by; empty when nobody says.
    pub caller: String,
    /// The trace that the request belongs to.
    pub traceparent: Option<String>,
}

/// Why a request was not executed.
pub(super) enum Rejection {
    /// The request itself is wrong.
    Malformed(ServerError),
    /// A mutation came by a method that must be safe.
    MutationByGet,
    /// Nobody can say who asks.
    Unverified(Unverified),
    /// There is more to do than the service takes on.
    Overloaded(Overloaded),
}

/// Whether a request may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
}

/// Executes a request, or says why not.
pub(super) async fn execute(
    service: &Service,
    request: Request,
    headers: Headers,
    method: Method,
) -> Result<Response, Rejection> {
    let _place = service.admission.enter().await.map_err(Rejection::Overloaded)?;
    let (request, checked, span) = check(service, request, headers).await?;
    if method == Method::Get && checked.operation.ty != OperationType::Query {
        return Err(Rejection::MutationByGet);
    }
    Ok(checked.run(service, request, span).await)
}

/// What a request comes to whose sender takes events.
pub(super) enum Answers {
    /// One response.
    One(Box<Response>),
    /// Those of a subscription, as they come.
    Events(BoxStream<'static, Response>),
}

/// Follows a subscription; anything else is executed.
pub(super) async fn follow(
    service: &Service,
    request: Request,
    headers: Headers,
) -> Result<Answers, Rejection> {
    // Until it has begun: a subscription may last for days, and does nothing most of the time.
    let _place = service.admission.enter().await.map_err(Rejection::Overloaded)?;
    let (request, checked, span) = check(service, request, headers).await?;
    if checked.operation.ty != OperationType::Subscription {
        return Ok(Answers::One(Box::new(checked.run(service, request, span).await)));
    }
    let left = checked.until.map(|until| until.saturating_sub(service.inner.sources.clock.now_ms()));
    let (responses, service) = (service.inner.executor.subscribe(request), service.clone());
    let events = responses.map(move |mut response| {
        checked.put_right(&service, &mut response);
        response
    });
    Ok(Answers::Events(match left {
        Some(left) => for_so_long(events.boxed(), Duration::from_millis(left.max(0).unsigned_abs())),
        None => events.boxed(),
    }))
}

/// The responses of a subscription as long as its token is good; then one that says so, and the end.
fn for_so_long(responses: BoxStream<'static, Response>, time: Duration) -> BoxStream<'static, Response> {
    let over = Box::pin(tokio::time::sleep(time));
    let events = stream::unfold(Some((responses, over)), async |state| {
        let (mut responses, mut over) = state?;
        tokio::select! {
            biased;
            () = &mut over => {
                let expired = coded(&Unverified::EXPIRED.to_string(), "UNAUTHENTICATED");
                Some((Response::from_errors(vec![expired]), None))
            }
            response = responses.next() => Some((response?, Some((responses, over)))),
        }
    });
    events.boxed()
}

/// What was asked, in a document that is not too large.
struct Checked {
    document: ExecutableDocument,
    operation: OperationDefinition,
    /// When the caller's token is good no longer, in ms of the service's clock.
    until: Option<i64>,
}

/// Finds out who asks for what: the request as it is to be executed, and its span.
async fn check(
    service: &Service,
    mut request: Request,
    mut headers: Headers,
) -> Result<(Request, Checked, Span), Rejection> {
    let mut span = trace::answering(service.name(), &mut headers.traceparent);
    let sources = &service.inner.sources;
    let verified = service.access.verify(&headers, sources.clock.now_ms()).await;
    let Verified { caller, until } = verified.map_err(Rejection::Unverified)?;
    guard::check(&request.query).map_err(|excess| Rejection::Malformed(rejected(&excess.to_string())))?;
    let document = request.parsed_query().map_err(Rejection::Malformed)?.clone();
    guard::check_expanded(&document).map_err(|excess| Rejection::Malformed(rejected(&excess.to_string())))?;
    let operation = select(&document, request.operation_name.as_deref())
        .ok_or_else(|| Rejection::Malformed(rejected("no operation of the document has this name")))?
        .clone();
    trace::asked(&mut span, operation.ty, request.operation_name.as_deref());
    if let Some(pruned) = absent::without_absent(&document, &operation, &request.variables) {
        request.set_parsed_query(pruned);
    }
    let call = Call { caller, traceparent: headers.traceparent, sources: sources.clone() };
    let request = request.data(call).data(EntityCalls::default());
    Ok((request, Checked { document, operation, until }, span))
}

impl Checked {
    async fn run(&self, service: &Service, request: Request, mut span: Span) -> Response {
        let asks_sdl = request.query.contains("_service");
        let executed = gather(service.inner.executor.execute(request)).instrument(span.logged());
        let mut response = executed.await;
        if asks_sdl {
            show_sdl(service, &mut response.data);
        }
        self.put_right(service, &mut response);
        if !response.errors.is_empty() {
            span.fail("graphql");
        }
        response
    }

    fn put_right(&self, service: &Service, response: &mut Response) {
        let Self { document, operation, until: _ } = self;
        nulls::propagate(response, operation, document, &service.inner.field_types);
        order::restore(&mut response.data, operation, document);
        order::sort_errors(&mut response.errors);
        response.errors.iter_mut().for_each(explain);
    }
}

fn select<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|found| &found.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

pub(super) fn rejected(message: &str) -> ServerError {
    coded(message, "BAD_REQUEST")
}

/// The error of a request without an answer.
pub(super) fn coded(message: &str, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

/// The library answers `_service { sdl }` with its own export: this service's text goes in its place.
fn show_sdl(service: &Service, data: &mut Value) {
    let Value::Object(fields) = data else { return };
    for answer in fields.values_mut() {
        let Value::Object(answer) = answer else { continue };
        for value in answer.values_mut() {
            if matches!(value, Value::String(text) if *text == service.inner.sdl.exported) {
                *value = Value::String(service.inner.sdl.shown.clone());
            }
        }
    }
}

/// Gives a store's failure a code, and keeps its details for the log.
fn explain(error: &mut ServerError) {
    let shared = error.source::<Arc<StoreError>>().map(AsRef::as_ref);
    let Some(failure) = shared.or_else(|| error.source::<StoreError>()) else { return };
    tracing::error!(error = %failure, "a store failed");
    let (code, message) = if failure.is_passing() {
        ("UNAVAILABLE", "the service cannot answer now")
    } else {
        ("INTERNAL", "the service failed to answer")
    };
    message.clone_into(&mut error.message);
    error.source = None;
    set_code(error, code);
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_subscription_ends_with_its_token() {
        let every_second = || {
            stream::iter(1..=4).then(async |number| {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Response::new(Value::from(number))
            })
        };
        let to_its_end: Vec<_> = for_so_long(every_second().boxed(), Duration::from_mins(1)).collect().await;
        assert_eq!(to_its_end.len(), 4, "{to_its_end:?}");
        let cut: Vec<_> = for_so_long(every_second().boxed(), Duration::from_millis(2_500)).collect().await;
        assert_eq!((cut.len(), &cut[1].data), (3, &Value::from(2)));
        assert!(cut[2].errors[0].message.starts_with("the token has expired"), "{:?}", cut[2]);
        let code = cut[2].errors[0].extensions.as_ref().and_then(|extensions| extensions.get("code"));
        assert_eq!(code, Some(&Value::from("UNAUTHENTICATED")));
    }
}
