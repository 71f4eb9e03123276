//! Subscriptions over server-sent events and `multipart/mixed`.

use axum::body::Body;
use futures::StreamExt;
use http::Request;
use octavo_executor::SubgraphError;
use octavo_server::Options;
use serde_json::{Value, json};

use crate::kit::{self, Kit};

const QUERY: &str = "subscription { lent { title grade } }";
const SERVER_SENT: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json";

fn request(accept: &str) -> Request<Body> {
    let body = json!({ "query": QUERY }).to_string();
    let request =
        Request::post("/graphql").header("content-type", "application/json").header("accept", accept);
    request.body(Body::from(body)).expect("a request")
}

fn lent(isbn: &str, title: &str) -> kit::Event {
    let book = json!({ "__typename": "Book", "isbn": isbn, "title": title });
    kit::json(&json!({ "data": { "lent": book } }).to_string())
}

/// A subgraph that knows one grade.
fn one_grade(request: &octavo_executor::SubgraphRequest) -> kit::Event {
    assert_eq!(&*request.subgraph, "grades", "only the grades are asked for each event");
    kit::json(r#"{"data":{"_entities":[{"__typename":"Book","grade":9.5}]}}"#)
}

#[tokio::test]
async fn each_event_is_completed_by_the_other_subgraphs() {
    for accept in [SERVER_SENT, MULTIPART] {
        let kit = Kit::with(Options::default(), None, one_grade);
        let events = kit.events();
        for event in [lent("1", "Lalka"), lent("2", "Ubik")] {
            events.unbounded_send(event).expect("it is followed");
        }
        drop(events);
        let reply = kit.send(request(accept)).await;
        let expected: Vec<Value> = ["Lalka", "Ubik"]
            .map(|title| json!({ "data": { "lent": { "title": title, "grade": 9.5 } } }))
            .into();
        assert_eq!(responses(&reply.text()), expected, "{}", reply.text());
        let (content_type, end) = match accept {
            SERVER_SENT => ("text/event-stream; charset=utf-8", "\n\nevent: complete\ndata:\n\n"),
            _ => ("multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0", "\r\n--graphql--\r\n"),
        };
        assert_eq!(reply.header("content-type"), content_type);
        assert!(reply.text().ends_with(end), "{}", reply.text());
        let seen = kit.subgraphs.seen.lock().expect("no panic");
        let asked: Vec<&str> = seen.iter().map(|request| &*request.subgraph).collect();
        assert_eq!(asked, ["books", "grades", "grades"]);
        assert!(seen[0].body.starts_with(b"{\"query\":\"subscription {lent {"), "{:?}", seen[0].body);
    }
}

/// The responses in a stream of either format.
fn responses(text: &str) -> Vec<Value> {
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.map(|event| serde_json::from_str(event).expect("JSON"));
    let parts = text.lines().filter(|line| line.starts_with("{\"payload\""));
    let parts = parts.map(|part| serde_json::from_str::<Value>(part).expect("JSON")["payload"].clone());
    events.chain(parts).collect()
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error() {
    let kit = Kit::new(Options::default());
    let events = kit.events();
    for event in [lent("1", "Lalka"), Err(SubgraphError::Unreachable)] {
        events.unbounded_send(event).expect("it is followed");
    }
    let reply = kit.send(request(SERVER_SENT)).await;
    let last = responses(&reply.text()).pop().expect("a response");
    assert_eq!(last["data"], json!({ "lent": null }));
    assert_eq!(last["errors"][0]["extensions"]["code"], "SUBREQUEST_HTTP_ERROR");
    assert!(reply.text().ends_with("event: complete\ndata:\n\n"));
    // A subgraph that offers none.
    let reply = kit.send(request(SERVER_SENT)).await;
    let told = responses(&reply.text()).pop().expect("a response");
    let message = told["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no stream of events"), "{message}");
}

#[tokio::test]
async fn a_client_that_takes_no_events_is_told_what_to_take() {
    let kit = Kit::new(Options::default());
    for accept in ["application/json", "multipart/mixed", "*/*"] {
        let reply = kit.send(request(accept)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (406, "NOT_ACCEPTABLE"), "{accept}");
    }
    assert!(kit.subgraphs.seen.lock().expect("no panic").is_empty(), "nothing was followed");
    // What is wrong with the document is told as an event, and so is the answer to a query.
    let refused = Request::post("/graphql").header("content-type", "application/json");
    let refused =
        refused.header("accept", SERVER_SENT).body(Body::from(r#"{"query":"subscription { nope }"}"#));
    let reply = kit.send(refused.expect("a request")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, "text/event-stream; charset=utf-8")
    );
    assert_eq!(responses(&reply.text())[0]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    let reply = kit.post(r#"{"query":"{ books { title } }"}"#, &[("accept", SERVER_SENT)]).await;
    assert_eq!(
        responses(&reply.text()),
        [json!({ "data": { "books": [{ "title": "Lalka" }, { "title": "Ubik" }] } })]
    );
    assert!(reply.text().ends_with("event: complete\ndata:\n\n"), "{}", reply.text());
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_until_the_client_goes() {
    let kit = Kit::with(Options::default(), None, one_grade);
    let events = kit.events();
    let mut body = kit.open(request(SERVER_SENT)).await.into_body().into_data_stream();
    for _ in 0..3 {
        assert_eq!(body.next().await.expect("a piece").expect("no error"), ":\n\n");
    }
    events.unbounded_send(lent("1", "Lalka")).expect("it is followed");
    let event = body.next().await.expect("a piece").expect("no error");
    assert!(event.starts_with(b"event: next\ndata: {\"data\""), "{event:?}");
    drop(body);
    // The subgraph's stream is dropped too.
    while !events.is_closed() {
        tokio::task::yield_now().await;
    }
}
