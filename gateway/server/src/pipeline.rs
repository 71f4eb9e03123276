//! The request pipeline, top to bottom.

use axum::extract::Request;
use axum::response::Response;
use http::Method;
use http::request::Parts;
use octavo_executor::{ExecutionReport, ExecutionRequest, Ports};
use octavo_language::CoercedVariables;
use octavo_query_plan::OperationKind;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::introspection::Introspection;
use crate::planning::{Planned, planned};
use crate::request::{MediaType, Params, check, parse, receive};
use crate::{Gateway, Schema, respond};

/// Answers a GraphQL request.
pub(crate) async fn answer(gateway: &Gateway, request: Request) -> Response {
    let Some(media) = MediaType::negotiate(request.headers()) else {
        return Failure::NotAcceptable.respond(MediaType::Json);
    };
    match run(gateway, request).await {
        Ok(report) => respond::report(report, media),
        Err(failure) => {
            tracing::debug!(%failure, "refused");
            failure.respond(media)
        }
    }
}

async fn run(gateway: &Gateway, request: Request) -> Result<ExecutionReport, Failure> {
    let options = gateway.options();
    let (head, body) = request.into_parts();
    check(&head, options.csrf_prevention)?;
    let body = receive(&head, body, options.max_body_bytes, options.body_timeout).await?;
    let params = parse(&head, &body)?;
    let schema = gateway.schema();
    let planned = planned(&schema, &params, options).await?;
    allow_method(&head, planned.kind)?;
    let variables = coerce(&schema, &planned, &params)?;
    execute(gateway, &schema, &planned, &variables, &head).await
}

/// A GET changes nothing.
fn allow_method(head: &Parts, kind: OperationKind) -> Result<(), Failure> {
    if head.method == Method::GET && kind != OperationKind::Query {
        return Err(Failure::MutationByGet);
    }
    Ok(())
}

fn coerce(schema: &Schema, planned: &Planned, params: &Params<'_>) -> Result<CoercedVariables, Failure> {
    let operation = planned.operation()?;
    if operation.variables.is_empty() {
        return Ok(CoercedVariables::default());
    }
    let coerced = planned.document.coerce_variables(schema.api(), operation, params.variables.as_deref());
    coerced.map_err(|error| Failure::Variables(error.message))
}

async fn execute(
    gateway: &Gateway,
    schema: &Schema,
    planned: &Planned,
    variables: &CoercedVariables,
    head: &Parts,
) -> Result<ExecutionReport, Failure> {
    let headers = gateway.propagated(&head.headers);
    let request = ExecutionRequest {
        variables: variables.iter().collect(),
        caller: Gateway::caller(&headers),
        headers,
        generation: schema.generation,
    };
    let introspection = Introspection { schema: schema.api(), planned, variables };
    let ports =
        Ports { subgraphs: &*schema.subgraphs, cache: gateway.cache(), introspection: &introspection };
    let execution = octavo_executor::execute(&planned.prepared, request, ports);
    timeout(gateway.options().request_timeout, execution).await.map_err(|_| Failure::Timeout)
}
