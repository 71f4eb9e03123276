//! Responses in parts over `multipart/mixed`.

use std::time::Duration;

use axum::body::Body;
use futures::StreamExt;
use http::{Request, Response};
use octavo_server::Options;
use serde_json::{Value, json};

use crate::kit::Kit;

const OLD: (&str, &str) = ("accept", "multipart/mixed;deferSpec=20220824, application/json");
const NEW: (&str, &str) = ("accept", "multipart/mixed;incrementalSpec=v0.2, application/json");

const QUERY: &str = "{ books { title ... @defer(label: \"late\") { grade } } }";

fn request(accept: (&str, &str)) -> Request<Body> {
    let body = json!({ "query": QUERY }).to_string();
    let request = Request::post("/graphql").header("content-type", "application/json");
    request.header(accept.0, accept.1).body(Body::from(body)).expect("a request")
}

/// The payloads of a whole body.
fn payloads(text: &str) -> Vec<Value> {
    let parts = text.split("\r\n--graphql");
    let bodies = parts.filter_map(|part| part.split_once("\r\n\r\n").map(|(_, body)| body));
    bodies.map(|body| serde_json::from_str(body).expect("a payload of JSON")).collect()
}

#[tokio::test]
async fn parts_come_in_the_format_that_the_client_takes() {
    let kit = Kit::new(Options::default());
    let reply = kit.send(request(OLD)).await;
    assert_eq!(reply.header("content-type"), "multipart/mixed; boundary=\"graphql\"; deferSpec=20220824");
    assert!(reply.text().ends_with("\r\n--graphql--\r\n"), "{}", reply.text());
    let first = json!({ "data": { "books": [{ "title": "Lalka" }, { "title": "Ubik" }] }, "hasNext": true });
    let rest = json!({
        "incremental": [
            { "data": { "grade": 9.5 }, "path": ["books", 0], "label": "late" },
            { "data": { "grade": 8.0 }, "path": ["books", 1], "label": "late" }
        ],
        "hasNext": false
    });
    assert_eq!(payloads(&reply.text()), [first.clone(), rest]);

    let reply = kit.send(request(NEW)).await;
    assert_eq!(reply.header("content-type"), "multipart/mixed; boundary=\"graphql\"; incrementalSpec=v0.2");
    let mut first = first;
    first["pending"] = json!([
        { "id": "0", "path": ["books", 0], "label": "late" },
        { "id": "1", "path": ["books", 1], "label": "late" }
    ]);
    let rest = json!({
        "incremental": [{ "data": { "grade": 9.5 }, "id": "0" }, { "data": { "grade": 8.0 }, "id": "1" }],
        "completed": [{ "id": "0" }, { "id": "1" }],
        "hasNext": false
    });
    assert_eq!(payloads(&reply.text()), [first, rest]);
}

#[tokio::test]
async fn a_client_that_takes_no_parts_gets_the_whole() {
    let kit = Kit::new(Options::default());
    let whole = json!({ "data": { "books": [{ "title": "Lalka", "grade": 9.5 }, { "title": "Ubik", "grade": 8.0 }] } });
    for accept in ["application/json", "*/*", "multipart/mixed;deferSpec=20990101, application/json"] {
        let reply = kit.send(request(("accept", accept))).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (200, whole.clone()), "{accept}");
    }
    // What has no parts is one answer, whatever the client takes.
    let reply = kit.post(r#"{"query":"{ books { title } }"}"#, &[NEW]).await;
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
}

/// The next piece of a body, as soon as it is there.
async fn piece(body: &mut axum::body::BodyDataStream) -> String {
    let piece = body.next().await.expect("a piece").expect("no error");
    String::from_utf8_lossy(&piece).into_owned()
}

fn stream(response: Response<Body>) -> axum::body::BodyDataStream {
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn the_first_part_does_not_wait_for_the_others() {
    let kit = Kit::new(Options::default());
    let closed = kit.subgraphs.gate.lock().await;
    let mut body = stream(kit.open(request(NEW)).await);
    let first = piece(&mut body).await;
    assert!(first.contains("\"hasNext\":true"), "{first}");
    assert!(first.ends_with("\r\n--graphql"), "the part has visibly ended: {first}");
    drop(closed);
    let rest = piece(&mut body).await;
    assert!(rest.contains("9.5") && rest.contains("\"hasNext\":false"), "{rest}");
    assert_eq!(piece(&mut body).await, "--\r\n");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_fetched_for_a_client_that_has_gone() {
    let kit = Kit::new(Options::default());
    let gate = std::sync::Arc::clone(&kit.subgraphs.gate);
    let closed = gate.lock().await;
    let holders = std::sync::Arc::strong_count(&kit.gateway);
    let mut body = stream(kit.open(request(NEW)).await);
    piece(&mut body).await;
    while kit.subgraphs.seen.lock().expect("no panic").len() < 2 {
        tokio::task::yield_now().await;
    }
    drop(body);
    // The request to the grades, and with it all that holds the schema, is dropped though it was never answered.
    while std::sync::Arc::strong_count(&kit.gateway) > holders {
        tokio::task::yield_now().await;
    }
    drop(closed);
}

#[tokio::test(start_paused = true)]
async fn parts_that_come_too_late_are_told_in_a_last_payload() {
    let kit = Kit::new(Options { request_timeout: Duration::from_secs(1), ..Options::default() });
    let closed = kit.subgraphs.gate.lock().await;
    let reply = kit.send(request(NEW)).await;
    let payloads = payloads(&reply.text());
    let completed = payloads[1]["completed"].as_array().expect("each part ends");
    assert_eq!(completed.len(), 2, "{payloads:?}");
    for (id, part) in completed.iter().enumerate() {
        assert_eq!(part["id"], id.to_string());
        assert_eq!(part["errors"][0]["extensions"]["code"], "GATEWAY_TIMEOUT", "{payloads:?}");
    }
    assert_eq!(payloads[1]["hasNext"], false);
    assert!(reply.text().ends_with("--graphql--\r\n"));
    drop(closed);
}

#[tokio::test]
async fn labels_and_places_of_parts_are_checked() {
    let kit = Kit::new(Options::default());
    let cases = [
        ("{ ... @defer(label: \"a\") { motto } books { ... @defer(label: \"a\") { title } } }", "unique"),
        ("query($l: String) { ... @defer(label: $l) { motto } }", "static String"),
        ("mutation { ... @defer { rename(isbn: \"1\", title: \"x\") { title } } }", "root selections"),
        ("{ motto @defer }", "defer"),
    ];
    for (query, message) in cases {
        let reply = kit.query(query).await;
        assert_eq!(reply.code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
        let text = reply.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(message), "{query}: {text}");
    }
}

#[tokio::test]
async fn lists_and_labels_of_streams_are_checked() {
    let kit = Kit::new(Options::default());
    let cases = [
        ("{ motto @stream }", "not a list"),
        ("{ books @stream(initialCount: -1) { title } }", "negative"),
        ("{ a: books @stream(label: \"x\") { title } b: books @stream(label: \"x\") { isbn } }", "unique"),
        ("query($l: String) { books @stream(label: $l) { title } }", "static String"),
        ("{ books { ... @stream { title } } }", "stream"),
    ];
    for (query, message) in cases {
        let reply = kit.query(query).await;
        assert_eq!(reply.code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
        let text = reply.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(message), "{query}: {text}");
    }
    let query = json!({ "query": "{ books @stream(initialCount: 1) { title } }" }).to_string();
    let reply = kit.post(&query, &[OLD]).await;
    let expected = json!({ "incremental": [{ "items": [{ "title": "Ubik" }], "path": ["books", 1] }], "hasNext": false });
    assert_eq!(payloads(&reply.text())[1], expected);
}
