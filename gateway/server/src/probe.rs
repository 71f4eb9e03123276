//! `/health`: the process lives. `/ready`: it may be sent requests.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::Gateway;

const JSON: [(http::HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

pub(crate) async fn health() -> Response {
    (JSON, r#"{"status":"up"}"#).into_response()
}

pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    if gateway.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, JSON, r#"{"status":"stopping"}"#).into_response();
    }
    (JSON, r#"{"status":"ready"}"#).into_response()
}
