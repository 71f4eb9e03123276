//! The request pipeline, top to bottom.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::Method;
use http::request::Parts;
use octavo_executor::{ExecutionRequest, Headers};
use octavo_language::{CoercedVariables, Name};
use octavo_query_plan::{Count, OperationKind};
use octavo_telemetry::Span;
use tracing::Instrument;

use crate::document::document;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::planning::{Planned, planned};
use crate::request::{EventFormat, MediaType, Params, check, incremental, parse, receive};
use crate::{Gateway, Schema, authorization, respond, trace};

/// Answers a GraphQL request.
pub(crate) async fn answer(gateway: Arc<Gateway>, request: Request) -> Response {
    let Some(media) = MediaType::negotiate(request.headers()) else {
        return Failure::NotAcceptable.respond(MediaType::Json);
    };
    let mut span = trace::received(request.method().as_str(), request.headers());
    let logged = span.logged();
    let answered = async {
        let outcome = run(gateway, request, media, &mut span).await;
        outcome.unwrap_or_else(|failure| {
            tracing::debug!(%failure, "refused");
            span.fail(failure.code());
            failure.respond(media)
        })
    };
    answered.instrument(logged).await
}

async fn run(
    gateway: Arc<Gateway>,
    request: Request,
    media: MediaType,
    span: &mut Span,
) -> Result<Response, Failure> {
    let options = gateway.options();
    let (head, body) = request.into_parts();
    check(&head, options.csrf_prevention)?;
    let caller = authorization::caller(&gateway, &head.headers).await?;
    let body = receive(&head, body, options.max_body_bytes, options.body_timeout).await?;
    let place = gateway.admission().enter().await?;
    let params = parse(&head, &body)?;
    let schema = gateway.schema();
    let format = incremental(&head.headers);
    let parsing = document(&schema, &params, format.is_some(), options);
    let document = trace::stage(span, "graphql.parse", parsing).await?;
    let planned = trace::stage(span, "graphql.plan", planned(&schema, &document, &caller, options)).await?;
    trace::asked(span, planned.kind, document.operation()?.name.as_ref().map(Name::as_str));
    allow_method(&head, planned.kind)?;
    let variables = coerce(&schema, &planned, &params)?;
    authorization::check(&planned, &variables, options)?;
    let request = execution_request(&schema, &variables, gateway.propagated(&head.headers, span));
    let execution = Execution { gateway, schema, planned, variables, request, place: Some(place) };
    if execution.planned.kind == OperationKind::Subscription {
        let format = EventFormat::negotiate(&head.headers).ok_or(Failure::NoEvents)?;
        return Ok(respond::events(execution.events(caller.until()), format));
    }
    match format.filter(|_| execution.has_parts()) {
        Some(format) => Ok(respond::parts(execution.in_parts(format).await?, format)),
        None => Ok(respond::report(execution.whole().await?, media)),
    }
}

/// A GET changes nothing.
fn allow_method(head: &Parts, kind: OperationKind) -> Result<(), Failure> {
    if head.method == Method::GET && kind == OperationKind::Mutation {
        return Err(Failure::MutationByGet);
    }
    Ok(())
}

fn coerce(schema: &Schema, planned: &Planned, params: &Params<'_>) -> Result<CoercedVariables, Failure> {
    let document = &planned.document;
    let operation = document.operation()?;
    if operation.variables.is_empty() {
        return Ok(CoercedVariables::default());
    }
    let coerced = document.valid.coerce_variables(schema.api(), operation, params.variables.as_deref());
    let coerced = coerced.map_err(|error| Failure::Variables(error.message))?;
    check_counts(planned, &coerced)?;
    Ok(coerced)
}

/// How many items of a list come first is never less than none.
fn check_counts(planned: &Planned, variables: &CoercedVariables) -> Result<(), Failure> {
    let parts = planned.prepared.plan().deferred.iter();
    for first in parts.filter_map(|part| part.list.as_ref()).map(|list| &list.first) {
        let Count::Variable(name) = first else { continue };
        let given = variables.iter().find(|(variable, _)| **variable == **name);
        if given.is_some_and(|(_, value)| value.starts_with('-')) {
            let message = format!("`@stream` initialCount must not be negative, and `${name}` is");
            return Err(Failure::Variables(message));
        }
    }
    Ok(())
}

fn execution_request(schema: &Schema, variables: &CoercedVariables, headers: Headers) -> ExecutionRequest {
    ExecutionRequest {
        variables: variables.iter().collect(),
        caller: Gateway::caller(&headers),
        headers,
        generation: schema.generation,
    }
}
