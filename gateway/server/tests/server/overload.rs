//! More requests than the gateway takes on: who is refused, how, and that nothing else is.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use octavo_admission::Limits;
use octavo_server::Options;
use tokio::task::JoinHandle;

use crate::kit::{Kit, Reply};

const SLOW: &str = "{ books { grade } }";
const FAST: &str = "{ motto }";

fn kit(in_flight: usize, waiting: usize) -> Arc<Kit> {
    let admission = Limits { in_flight, waiting, patience: Duration::from_mins(10) };
    Arc::new(Kit::new(Options { admission, ..Options::default() }))
}

/// Requests whose grades have to wait; they are under way, or wait for a place, once the gateway says so.
async fn begin_slow(kit: &Arc<Kit>, number: usize, metric: &str) -> Vec<JoinHandle<Reply>> {
    let begun = (0..number).map(|_| {
        let kit = Arc::clone(kit);
        tokio::spawn(async move { kit.query(SLOW).await })
    });
    let begun: Vec<_> = begun.collect();
    until(kit, metric, number).await;
    begun
}

async fn until(kit: &Kit, metric: &str, number: usize) {
    let wanted = format!("\noctavo_requests_{metric} {number}\n");
    let coming = async {
        while !kit.get("/metrics", &[]).await.text().contains(&wanted) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), coming).await.is_ok(), "no{wanted}");
}

fn is_refused(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "OVERLOADED"));
    assert_eq!(reply.header("retry-after"), "1");
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once_and_served_afterwards() {
    let kit = kit(3, 0);
    let closed = Arc::clone(&kit.subgraphs.gate).lock_owned().await;
    let slow = begin_slow(&kit, 3, "in_flight").await;
    is_refused(&kit.query(FAST).await);
    let json = kit.post(r#"{"query":"{ motto }"}"#, &[("accept", "application/graphql-response+json")]).await;
    is_refused(&json);
    for probe in ["/health", "/ready"] {
        assert_eq!(kit.get(probe, &[]).await.status.as_u16(), 200, "{probe}");
    }
    assert!(kit.get("/metrics", &[]).await.text().contains("\noctavo_requests_refused_total 2\n"));
    drop(closed);
    for request in slow {
        assert_eq!(request.await.expect("no request panics").status.as_u16(), 200);
    }
    assert_eq!(kit.query(FAST).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_few_wait_for_a_place() {
    let kit = kit(1, 1);
    let closed = Arc::clone(&kit.subgraphs.gate).lock_owned().await;
    let first = begin_slow(&kit, 1, "in_flight").await;
    let second = begin_slow(&kit, 1, "waiting").await;
    is_refused(&kit.query(FAST).await);
    drop(closed);
    for request in first.into_iter().chain(second) {
        assert_eq!(request.await.expect("no request panics").status.as_u16(), 200);
    }
}

#[tokio::test]
async fn a_subscription_holds_no_place_once_it_has_begun() {
    let kit = kit(1, 0);
    let _events = kit.events();
    let body = r#"{"query":"subscription { lent { isbn } }"}"#;
    let request = http::Request::post("/graphql").header("content-type", "application/json");
    let request = request.header("accept", "text/event-stream").body(body.into()).expect("a request");
    let followed = kit.open(request).await;
    assert_eq!(followed.status().as_u16(), 200);
    assert_eq!(kit.query(FAST).await.status.as_u16(), 200, "the subscription is open, and holds no place");
    drop(followed);
}

/// What comes later is worked on as well.
#[tokio::test]
async fn a_response_in_parts_holds_its_place_to_the_end() {
    let kit = kit(1, 0);
    let closed = Arc::clone(&kit.subgraphs.gate).lock_owned().await;
    let body = r#"{"query":"{ books { title ... @defer { grade } } }"}"#;
    let request = http::Request::post("/graphql").header("content-type", "application/json");
    let request = request.header("accept", "multipart/mixed").body(body.into()).expect("a request");
    let parts = kit.open(request).await;
    assert_eq!(parts.status().as_u16(), 200);
    is_refused(&kit.query(FAST).await);
    drop(closed);
    let whole = to_bytes(parts.into_body(), usize::MAX).await.expect("a body");
    assert!(String::from_utf8_lossy(&whole).contains("9.5"), "the part came");
    until(&kit, "in_flight", 0).await;
    assert_eq!(kit.query(FAST).await.status.as_u16(), 200);
}
