//! A service with more to do than it takes on: who is refused, how, and that nothing else is.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, EmptyMutation, Object, Result, Subscription};
use futures::{Stream, StreamExt, stream};
use lms_kit::{
    Service, Sources,
    service::{Limits, NoEngine, SchemaParts, schema_with_events},
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

/// What slow requests wait for.
#[derive(Clone)]
struct Gate(Arc<Semaphore>);

struct Query;

#[Object]
impl Query {
    async fn fast(&self) -> bool {
        true
    }

    async fn slow(&self, ctx: &Context<'_>) -> Result<bool> {
        ctx.data::<Gate>()?.0.acquire().await?.forget();
        Ok(true)
    }
}

struct Follow;

#[Subscription(name = "Subscription")]
impl Follow {
    /// One event, and no end.
    async fn ever(&self) -> impl Stream<Item = bool> {
        stream::iter([true]).chain(stream::pending())
    }
}

/// A service at an address, whose slow requests wait for the gate.
struct Site {
    address: String,
    gate: Gate,
    client: Client,
}

impl Site {
    async fn open(in_flight: usize, waiting: usize, patience: Duration) -> Self {
        let gate = Gate(Arc::new(Semaphore::new(0)));
        let schema = schema_with_events(Query, EmptyMutation, Follow).data(gate.clone()).finish();
        let parts = SchemaParts::new("site", schema, &[]);
        let service = Service::new(parts, Arc::new(NoEngine), Sources::system()).unwrap();
        let service = service.with_limits(Limits { in_flight, waiting, patience });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { service.serve(listener, std::future::pending()).await });
        Self { address, gate, client: Client::new() }
    }

    async fn ask(&self, query: &str, accept: &str) -> Response {
        let request = self.client.post(format!("{}/graphql", self.address)).header("accept", accept);
        request.json(&json!({ "query": query })).send().await.unwrap()
    }

    /// Slow requests that are under way, or wait, once this returns.
    async fn begin_slow(&self, number: usize, metric: &str) -> Vec<JoinHandle<u16>> {
        let begun = (0..number).map(|_| {
            let (client, url) = (self.client.clone(), format!("{}/graphql", self.address));
            tokio::spawn(async move {
                let sent = client.post(url).json(&json!({ "query": "{ slow }" })).send();
                sent.await.unwrap().status().as_u16()
            })
        });
        let begun: Vec<_> = begun.collect();
        let coming = async {
            while self.measured(metric).await != number.to_string() {
                tokio::task::yield_now().await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(10), coming).await;
        assert!(came.is_ok(), "never {number} {metric}");
        begun
    }

    async fn measured(&self, metric: &str) -> String {
        let text = self.get("/metrics").await.text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with(&format!("lms_{metric}{{"))).unwrap();
        line.rsplit(' ').next().unwrap().trim_end_matches(".0").to_owned()
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.address)).send().await.unwrap()
    }

    fn let_go(&self, number: usize) {
        self.gate.0.add_permits(number);
    }
}

async fn is_refused(response: Response) {
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED", "{body}");
    assert!(body["data"].is_null(), "{body}");
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once_and_served_afterwards() {
    let site = Site::open(3, 0, Duration::from_mins(10)).await;
    let slow = site.begin_slow(3, "requests_in_flight").await;
    is_refused(site.ask("{ fast }", "application/json").await).await;
    is_refused(site.get("/graphql?query={fast}").await).await;
    is_refused(site.ask("subscription { ever }", "text/event-stream").await).await;
    for probe in ["/health", "/ready", "/metrics"] {
        assert_eq!(site.get(probe).await.status().as_u16(), 200, "{probe}");
    }
    assert_eq!(site.measured("requests_refused").await, "3");
    site.let_go(3);
    for request in slow {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(site.ask("{ fast }", "application/json").await.status().as_u16(), 200);
}

#[tokio::test]
async fn a_few_wait_for_a_place_and_not_for_ever() {
    let site = Site::open(1, 1, Duration::from_mins(10)).await;
    let first = site.begin_slow(1, "requests_in_flight").await;
    let second = site.begin_slow(1, "requests_waiting").await;
    is_refused(site.ask("{ fast }", "application/json").await).await;
    site.let_go(2);
    for request in first.into_iter().chain(second) {
        assert_eq!(request.await.unwrap(), 200, "it waited, and was served");
    }

    let hasty = Site::open(1, 1, Duration::from_millis(50)).await;
    let slow = hasty.begin_slow(1, "requests_in_flight").await;
    is_refused(hasty.ask("{ fast }", "application/json").await).await;
    hasty.let_go(1);
    assert_eq!(slow.into_iter().next().unwrap().await.unwrap(), 200);
}

#[tokio::test]
async fn a_subscription_holds_no_place_once_it_has_begun() {
    let site = Site::open(1, 0, Duration::ZERO).await;
    let mut followed = site.ask("subscription { ever }", "text/event-stream").await;
    let event = followed.chunk().await.unwrap().unwrap();
    assert!(!event.is_empty(), "it is open");
    assert_eq!(site.ask("{ fast }", "application/json").await.status().as_u16(), 200);
    assert_eq!(site.measured("requests_in_flight").await, "0");
}
