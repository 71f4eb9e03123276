//! What only other services may ask: the state, what waits here and what was done for sagas ([`crate::watch`]), and what
//! is kept for them ([`crate::deposit`]).

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{ContractError, ContractWish, Messages, Service};
use crate::{
    changes::Page,
    deposit::Deposit,
    problem::Problem,
    watch::{LetterKey, Mended, Peer, PeerError, Replay},
};

/// The routes for other services.
pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/changes", get(changes))
        .route("/deposits", get(deposit))
        .route("/messages", get(traffic))
        .route("/messages/dead", get(dead_letters))
        .route("/messages/replay", post(replay))
        .route("/messages/discard", post(discard))
        .route("/metrics", get(metrics))
        .route("/sagas", get(sagas))
        .route("/sagas/effects", get(effects))
        .route("/migrations", get(standing))
        .route("/migrations/contract", post(contract))
}

/// Refuses whoever does not bring the services' shared token.
fn admit(service: &Service, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admitted = service.peer_token.admit(authorization, &service.access);
    admitted.map_err(|refusal| (StatusCode::FORBIDDEN, refusal.to_string()))
}

/// The parameters of a reading of the state.
#[derive(Deserialize)]
struct ChangesParameters {
    from: Option<String>,
    of: Option<String>,
    limit: Option<u32>,
}

/// The most aggregates in one page of the state.
const MOST_CHANGES: u32 = 1_000;

async fn changes(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(asked): Query<ChangesParameters>,
) -> Response {
    if let Err(refusal) = admit(&service, &headers) {
        return refusal.into_response();
    }
    let Some(Messages { changes, .. }) = service.messages() else {
        return answer::<Page>(Err(PeerError::KeepsNothing));
    };
    let limit = asked.limit.unwrap_or(MOST_CHANGES).clamp(1, MOST_CHANGES);
    let page = match &asked.of {
        Some(stream) => {
            changes.of(stream).await.map(|found| Page { changes: found.into_iter().collect(), next: None })
        }
        None => changes.page(asked.from.as_deref(), limit).await,
    };
    answer(page.map_err(PeerError::from))
}

/// Which deposit is asked for.
#[derive(Deserialize)]
struct Asked {
    key: String,
}

async fn deposit(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(Asked { key }): Query<Asked>,
) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.deposit(&key).await.map(|deposit| Deposit { deposit })),
        Err(refusal) => refusal.into_response(),
    }
}

/// After which saga others are asked for.
#[derive(Deserialize)]
struct SagasParameters {
    after: String,
}

async fn sagas(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(SagasParameters { after }): Query<SagasParameters>,
) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.sagas_after(&after).await),
        Err(refusal) => refusal.into_response(),
    }
}

/// Of which saga the effects are asked for.
#[derive(Deserialize)]
struct EffectsParameters {
    of: String,
}

async fn effects(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(EffectsParameters { of }): Query<EffectsParameters>,
) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.effects(&of).await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn traffic(State(service): State<Service>, headers: HeaderMap) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.traffic().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn dead_letters(State(service): State<Service>, headers: HeaderMap) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.dead_letters().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn replay(State(service): State<Service>, headers: HeaderMap, Json(wish): Json<Replay>) -> Response {
    match admit(&service, &headers) {
        Ok(()) => mended(service.replay(&wish.letter, wish.body.as_deref()).await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn discard(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(letter): Json<LetterKey>,
) -> Response {
    match admit(&service, &headers) {
        Ok(()) => mended(service.discard(&letter).await),
        Err(refusal) => refusal.into_response(),
    }
}

/// The media type of the text format of `OpenMetrics` 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn metrics(State(service): State<Service>, headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&service, &headers) {
        return refusal.into_response();
    }
    match service.metrics().await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => answer::<()>(Err(error)),
    }
}

async fn standing(State(service): State<Service>, headers: HeaderMap) -> Response {
    match admit(&service, &headers) {
        Ok(()) => answer(service.standing().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn contract(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(wish): Json<ContractWish>,
) -> Response {
    if let Err(refusal) = admit(&service, &headers) {
        return refusal.into_response();
    }
    match service.contract(&wish).await {
        Err(ContractError::KeepsNothing) => StatusCode::NO_CONTENT.into_response(),
        // Whoever asks is to mend it.
        Err(error) => (StatusCode::CONFLICT, error.to_string()).into_response(),
        Ok(steps) => Json(steps).into_response(),
    }
}

fn mended(done: Result<Result<(), Problem>, PeerError>) -> Response {
    answer(done.map(|done| Mended { problem: done.err() }))
}

fn answer<T: Serialize>(told: Result<T, PeerError>) -> Response {
    match told {
        Ok(told) => Json(told).into_response(),
        Err(PeerError::KeepsNothing) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(%error, "another service's question cannot be answered");
            (StatusCode::SERVICE_UNAVAILABLE, "the service cannot answer now").into_response()
        }
    }
}
