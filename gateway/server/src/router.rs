//! Addresses, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::{Method, StatusCode};

use crate::request::wants_page;
use crate::{Gateway, layer, metrics, monitor, pipeline, playground, probe};

/// Everything that is served: GraphQL and the playground at `/graphql` and `/`, the monitor at `/monitor`, `/health`,
/// `/ready`, `/metrics`.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let mut routes = Router::new()
        .route("/graphql", any(graphql))
        .route("/", any(graphql))
        .route("/health", get(probe::health))
        .route("/ready", get(probe::ready))
        .route("/metrics", get(metrics::metrics));
    if gateway.options().playground.is_some() {
        routes = routes
            .route("/playground/{version}/{file}", get(playground::asset))
            .route("/monitor", get(monitor::page))
            .route("/monitor/{file}", get(monitor::asset));
    }
    let cors = gateway.options().cors.as_ref().map(layer::cors);
    let routes = routes
        .fallback(|| async { StatusCode::NOT_FOUND.into_response() })
        .with_state(gateway)
        .layer(layer::panics())
        .layer(middleware::from_fn(layer::request_id));
    match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}

/// A browser that asks for a page gets the playground, everything else is GraphQL.
async fn graphql(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    if let Some(options) = &gateway.options().playground
        && request.method() == Method::GET
        && wants_page(request.headers())
    {
        return playground::page(options, request.uri());
    }
    pipeline::answer(gateway, request).await
}
