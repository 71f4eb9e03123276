//! Requests of several traces that leave as one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use futures::future::join_all;
use octavo_batch::Joined;
use octavo_executor::{EntityCall, EntityCallGroup, SubgraphPort, SubgraphRequest};
use octavo_query_plan::OperationKind;
use octavo_telemetry::Settings;
use octavo_transport::HttpSubgraphs;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::collector::Collector;

/// Long enough for others to come while one is under way.
const LATENCY: Duration = Duration::from_millis(300);

/// A subgraph that answers each representation after a while; its address, and how often it was asked.
async fn subgraph() -> anyhow::Result<(String, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (url, asked) = (format!("http://{}/graphql", listener.local_addr()?), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let answer = async move |body: String| {
        count.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(LATENCY).await;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let entities = body["variables"]["r"].as_array().map_or(0, Vec::len);
        json!({ "data": { "_entities": vec![json!({ "name": "A" }); entities] } }).to_string()
    };
    let router = Router::new().route("/graphql", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, asked))
}

fn trace(number: usize) -> String {
    format!("{:032x}", number + 1)
}

/// A request for one book, in a trace of its own.
fn ask(number: usize) -> SubgraphRequest {
    let call = EntityCall {
        head: Bytes::from_static(
            b"{\"query\":\"query($r: [_Any!]!) { _entities(representations: $r) { name } }\",\"variables\":{",
        ),
        groups: vec![EntityCallGroup {
            key: "_entities".into(),
            variable: "r".into(),
            representations: vec![json!({ "__typename": "Book", "id": number }).to_string().into()],
        }],
    };
    let place = format!("00-{}-00f067aa0ba902b7-01", trace(number));
    SubgraphRequest {
        subgraph: "books".into(),
        kind: OperationKind::Query,
        body: call.body(),
        headers: Arc::new(vec![("traceparent".into(), place.into())]),
        generation: 1,
        joined: Vec::new(),
        entities: Some(call),
    }
}

#[tokio::test]
async fn a_joined_fetch_is_linked_to_those_that_joined() -> anyhow::Result<()> {
    let (collector, (url, asked)) = (Collector::start().await?, subgraph().await?);
    let settings = Settings { endpoint: Some(collector.endpoint()), ..Settings::default() };
    let told = octavo_telemetry::start(&settings, |_| None)?;
    let subgraphs = HttpSubgraphs::new([("books", url.as_str())], octavo_transport::Options::default())?;
    let subgraphs = Joined::new(Arc::new(subgraphs), octavo_batch::Options::default());
    let answers = join_all((0..4).map(|number| subgraphs.call(ask(number)))).await;
    for answer in answers {
        assert_eq!(&answer?.body[..], br#"{"data":{"_entities":[{"name":"A"}]}}"#);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the first, and the others together");
    told.stop().await;

    let spans = collector.spans()?;
    assert_eq!(spans.len(), 2, "{spans:#?}");
    assert!(spans.iter().any(|span| span.trace == trace(0) && span.links.is_empty()), "{spans:#?}");
    let joined = spans.iter().find(|span| span.trace == trace(1));
    assert_eq!(joined.map(|span| span.links.as_slice()), Some(&[trace(2), trace(3)][..]), "{spans:#?}");
    assert!(spans.iter().all(|span| span.name == "fetch books" && span.says("octavo.subgraph") == "books"));
    Ok(())
}
