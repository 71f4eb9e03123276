//! The subgraphs: async-graphql answers a request that is new, and what was asked before is answered from memory, so that the
//! gateway has most of the machine.

mod accounts;
mod inventory;
mod products;
mod reviews;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use async_graphql::{EmptyMutation, EmptySubscription, ObjectType, Request, Response, Schema};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
};
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use tokio::net::TcpListener;

/// All four, on one port.
pub(crate) struct StandIns {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

type Answering = Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// One of them.
struct StandIn {
    answering: Answering,
    known: Mutex<HashMap<Bytes, Bytes>>,
    calls: Arc<AtomicUsize>,
}

impl StandIns {
    /// Starts them.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let (listener, calls) = (TcpListener::bind("127.0.0.1:0").await?, Arc::default());
        let address = listener.local_addr().context("a listener has an address")?;
        let routes = Router::new()
            .route("/accounts", post(answer).with_state(stand_in(accounts::Accounts, &calls)))
            .route("/inventory", post(answer).with_state(stand_in(inventory::Inventory, &calls)))
            .route("/products", post(answer).with_state(stand_in(products::Products, &calls)))
            .route("/reviews", post(answer).with_state(stand_in(reviews::Reviews, &calls)));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Ok(Self { address, calls })
    }

    /// Where one of them is.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// How often they were called so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

fn stand_in(query: impl ObjectType + 'static, calls: &Arc<AtomicUsize>) -> Arc<StandIn> {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let answering = move |request| {
        let schema = schema.clone();
        async move { schema.execute(request).await }.boxed()
    };
    Arc::new(StandIn { answering: Box::new(answering), known: Mutex::default(), calls: Arc::clone(calls) })
}

async fn answer(State(stand_in): State<Arc<StandIn>>, body: Bytes) -> impl IntoResponse {
    stand_in.calls.fetch_add(1, Ordering::Relaxed);
    let known = || stand_in.known.lock().unwrap_or_else(PoisonError::into_inner);
    let remembered = known().get(&body).cloned();
    let answer = if let Some(answer) = remembered {
        answer
    } else {
        let Ok(request) = serde_json::from_slice(&body) else { return Err(StatusCode::BAD_REQUEST) };
        let answer = (stand_in.answering)(request).await;
        let answer = serde_json::to_vec(&answer).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let answer = Bytes::from(answer);
        known().insert(body, answer.clone());
        answer
    };
    Ok(([(CONTENT_TYPE, "application/json")], answer))
}
