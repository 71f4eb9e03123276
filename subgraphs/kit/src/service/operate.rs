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
    let deposit = async { Ok(Deposit { deposit: service.deposit(&key).await? }) };
    tell(&service, &headers, deposit).await
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
    tell(&service, &headers, service.sagas_after(&after)).await
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
    tell(&service, &headers, service.effects(&of)).await
}

async fn traffic(State(service): State<Service>, headers: HeaderMap) -> Response {
    tell(&service, &headers, service.traffic()).await
}

async fn dead_letters(State(service): State<Service>, headers: HeaderMap) -> Response {
    tell(&service, &headers, service.dead_letters()).await
}

async fn replay(State(service): State<Service>, headers: HeaderMap, Json(wish): Json<Replay>) -> Response {
    tell(&service, &headers, mended(service.replay(&wish.letter, wish.body.as_deref()))).await
}

async fn discard(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(letter): Json<LetterKey>,
) -> Response {
    tell(&service, &headers, mended(service.discard(&letter))).await
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
    tell(&service, &headers, service.standing()).await
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

async fn mended(
    done: impl Future<Output = Result<Result<(), Problem>, PeerError>>,
) -> Result<Mended, PeerError> {
    Ok(Mended { problem: done.await?.err() })
}

/// Answers whoever is admitted.
async fn tell<T: Serialize>(
    service: &Service,
    headers: &HeaderMap,
    told: impl Future<Output = Result<T, PeerError>>,
) -> Response {
    match admit(service, headers) {
        Ok(()) => answer(told.await),
        Err(refusal) => refusal.into_response(),
    }
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
