//! GraphQL over HTTP, and the two probes.

use async_graphql::{Request, Response, ServerError, Variables};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
    routing::get,
};
use octavo_admission::RETRY_AFTER;
use serde::Deserialize;

use super::{
    Service,
    events::{self, EVENT_STREAM},
    execute::{Answers, Headers, Method, Rejection, coded, execute, follow, rejected},
    operate,
    schema::Document,
};
use crate::access::Unverified;

/// The most bytes of a request body: a few thousand representations with long keys.
const MAX_BODY: usize = 4 * 1024 * 1024;

const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// Names the caller of an open service.
const CALLER: HeaderName = HeaderName::from_static("x-octavo-caller");
const TRACEPARENT: HeaderName = HeaderName::from_static(octavo_telemetry::TRACEPARENT);

/// The routes of a service.
pub(super) fn router(service: Service) -> Router {
    let mut router = Router::new()
        .route("/graphql", get(by_get).post(by_post))
        .route("/health", get(|| async { "alive" }))
        .route("/ready", get(ready))
        .merge(operate::routes());
    for Document { path, json } in &service.inner.documents {
        let json = Bytes::from(json.clone());
        let answer = ([(header::CONTENT_TYPE, "application/json")], json);
        router = router.route(path, get(|| async { answer }));
    }
    router.layer(DefaultBodyLimit::max(MAX_BODY)).with_state(service)
}

/// A response's status and bytes.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// When it is worth asking again, in seconds.
    retry_after: Option<u32>,
}

/// Answers a request body.
pub(super) async fn answer(service: &Service, body: &[u8], headers: Headers) -> Answer {
    // The reader of JSON refuses what is nested more than 128 deep, so a body cannot overflow the stack.
    match serde_json::from_slice::<Request>(body) {
        Ok(request) => respond(service, request, headers, Method::Post).await,
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &serde_json::Error) -> Answer {
    refuse(rejected(&format!("the body is no GraphQL request: {error}")))
}

async fn by_post(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> HttpResponse {
    let answer = match serde_json::from_slice::<Request>(&body) {
        Ok(request) if accepted(&headers).contains(EVENT_STREAM) => {
            match follow(&service, request, read(&headers)).await {
                Ok(Answers::Events(responses)) => return events::answer(&service, responses),
                Ok(Answers::One(response)) => said(Ok(*response)),
                Err(rejection) => said(Err(rejection)),
            }
        }
        Ok(request) => respond(&service, request, read(&headers), Method::Post).await,
        Err(error) => unreadable(&error),
    };
    into_http(answer, &headers)
}

/// The parameters of a query by GET.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetParameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

async fn by_get(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(parameters): Query<GetParameters>,
) -> HttpResponse {
    let variables = parameters.variables.as_deref().filter(|text| !text.is_empty());
    let answer = match variables.map(serde_json::from_str::<Variables>).transpose() {
        Ok(variables) => {
            let mut request = Request::new(parameters.query).variables(variables.unwrap_or_default());
            request.operation_name = parameters.operation_name;
            respond(&service, request, read(&headers), Method::Get).await
        }
        Err(error) => refuse(rejected(&format!("`variables` is no JSON object: {error}"))),
    };
    into_http(answer, &headers)
}

async fn respond(service: &Service, request: Request, headers: Headers, method: Method) -> Answer {
    said(execute(service, request, headers, method).await)
}

fn said(executed: Result<Response, Rejection>) -> Answer {
    match executed {
        Ok(response) => Answer { status: StatusCode::OK, body: to_json(&response), retry_after: None },
        Err(Rejection::Malformed(error)) => refuse(error),
        Err(Rejection::MutationByGet) => {
            let refusal = refuse(rejected("a mutation needs POST"));
            Answer { status: StatusCode::METHOD_NOT_ALLOWED, ..refusal }
        }
        Err(Rejection::Unverified(why)) => {
            let (status, code) = match why {
                Unverified::Invalid(_) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
                Unverified::Away => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            };
            Answer { status, ..refuse(coded(&why.to_string(), code)) }
        }
        Err(Rejection::Overloaded(why)) => {
            let refusal = refuse(coded(&why.to_string(), "OVERLOADED"));
            let retry_after = Some(RETRY_AFTER);
            Answer { status: StatusCode::SERVICE_UNAVAILABLE, retry_after, ..refusal }
        }
    }
}

fn refuse(error: ServerError) -> Answer {
    let response = Response::from_errors(vec![error]);
    Answer { status: StatusCode::BAD_REQUEST, body: to_json(&response), retry_after: None }
}

fn to_json(response: &Response) -> Vec<u8> {
    serde_json::to_vec(response).expect("a response has text keys only")
}

fn read(headers: &HeaderMap) -> Headers {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Headers {
        // One that is no text is no token either, and must not pass for none.
        authorization: headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default().to_owned()),
        caller: text(CALLER).unwrap_or_default(),
        traceparent: text(TRACEPARENT),
    }
}

fn accepted(request: &HeaderMap) -> &str {
    request.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn into_http(answer: Answer, request: &HeaderMap) -> HttpResponse {
    let media_type = if accepted(request).contains(GRAPHQL_JSON) { GRAPHQL_JSON } else { "application/json" };
    let mut response = (answer.status, [(header::CONTENT_TYPE, media_type)], answer.body).into_response();
    if answer.status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

async fn ready(State(service): State<Service>) -> HttpResponse {
    match service.ready().await {
        Ok(()) => (StatusCode::OK, "ready".to_owned()).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}
