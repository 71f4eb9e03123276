//! A subscription through the gateway: a real subgraph over each stream that it may speak, and clients that read as it comes.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::http::create_multipart_mixed_stream;
use async_graphql::{EmptyMutation, Object, Schema, SimpleObject, Subscription};
use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use futures::{Stream, StreamExt, stream};
use octavo_e2e::Running;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{
  query: Query
  subscription: Subscription
}
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  LOANS @join__graph(name: "loans", url: "http://LOANS/graphql")
  TITLES @join__graph(name: "titles", url: "http://TITLES/graphql")
}
type Query @join__type(graph: LOANS) @join__type(graph: TITLES) {
  open: Boolean! @join__field(graph: LOANS)
}
type Subscription @join__type(graph: LOANS) {
  lent(branch: String!): Book!
}
type Book @join__type(graph: LOANS, key: "isbn") @join__type(graph: TITLES, key: "isbn") {
  isbn: ID!
  title: String @join__field(graph: TITLES)
}
"#;

#[derive(SimpleObject)]
struct Book {
    isbn: async_graphql::ID,
}

struct Query;

#[Object]
impl Query {
    async fn open(&self) -> bool {
        true
    }
}

/// Books are lent when the test says so.
struct Loans(Arc<Semaphore>);

#[Subscription]
impl Loans {
    async fn lent(&self, branch: String) -> impl Stream<Item = Book> + use<> {
        let allowed = Arc::clone(&self.0);
        stream::iter(1..=2).then(move |number| {
            let (allowed, isbn) = (Arc::clone(&allowed), format!("{branch}{number}"));
            async move {
                allowed.acquire().await.expect("the test keeps it open").forget();
                Book { isbn: isbn.into() }
            }
        })
    }
}

type Subgraph = Schema<Query, EmptyMutation, Loans>;

fn answer(schema: &Subgraph, multipart: bool, headers: &HeaderMap, request: Json<Value>) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    assert!(accept.contains("text/event-stream") && accept.contains("subscriptionSpec=1.0"), "{accept}");
    let request: async_graphql::Request = serde_json::from_value(request.0).expect("a GraphQL request");
    let responses = Box::pin(schema.execute_stream(request).map(|response| response));
    if multipart {
        let body = create_multipart_mixed_stream(responses, Duration::from_millis(20));
        let body = Body::from_stream(body.map(Ok::<_, Infallible>));
        return typed(body, "multipart/mixed; boundary=graphql");
    }
    let next =
        |response| format!("event: next\ndata: {}\n\n", serde_json::to_string(&response).expect("JSON"));
    let end = stream::once(std::future::ready("event: complete\n\n".to_owned()));
    typed(Body::from_stream(responses.map(next).chain(end).map(Ok::<_, Infallible>)), "text/event-stream")
}

fn typed(body: Body, content_type: &str) -> Response {
    Response::builder().header(header::CONTENT_TYPE, content_type).body(body).expect("a response")
}

async fn titles(Json(request): Json<Value>) -> Json<Value> {
    let lists = request["variables"].as_object().into_iter().flat_map(serde_json::Map::values);
    let title =
        |book: &Value| json!({ "title": format!("Title of {}", book["isbn"].as_str().unwrap_or("?")) });
    let books: Vec<Value> = lists.filter_map(Value::as_array).flatten().map(title).collect();
    Json(json!({ "data": { "_entities": books } }))
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Follows the subscription, lets the books be lent one by one, and gives what the client got for each.
async fn follow(multipart: bool, accept: &str) -> anyhow::Result<Vec<String>> {
    let allowed = Arc::new(Semaphore::new(0));
    let schema = Schema::new(Query, EmptyMutation, Loans(Arc::clone(&allowed)));
    let loans = async move |headers: HeaderMap, request| answer(&schema, multipart, &headers, request);
    let loans = serve(Router::new().route("/graphql", post(loans))).await?;
    let titles = serve(Router::new().route("/graphql", post(titles))).await?;
    let folder = TempDir::new()?;
    let file = folder.path().join("supergraph.graphql");
    let text = SUPERGRAPH.replace("LOANS/", &format!("{loans}/"));
    fs::write(&file, text.replace("TITLES/", &format!("{titles}/")))?;
    let gateway = Running::start("octavo", &["serve", "--supergraph", &file.to_string_lossy()]).await?;

    let query = "subscription($branch: String!) { lent(branch: $branch) { isbn title } }";
    let body = json!({ "query": query, "variables": { "branch": "B" } });
    let request = reqwest::Client::new().post(format!("http://{}/graphql", gateway.address()));
    let response = request.json(&body).header("accept", accept).send().await?;
    assert_eq!(response.status(), 200);
    let mut pieces = response.bytes_stream();
    let mut got = Vec::new();
    for _ in 0..2 {
        allowed.add_permits(1);
        // Heartbeats pass between the events.
        let mut event = String::new();
        while !event.contains("title") {
            event = String::from_utf8_lossy(&pieces.next().await.expect("an event")?).into_owned();
        }
        got.push(event);
    }
    let mut rest = String::new();
    while let Some(piece) = pieces.next().await {
        rest.push_str(&String::from_utf8_lossy(&piece?));
    }
    got.push(rest);
    gateway.interrupt().await?;
    Ok(got)
}

#[tokio::test]
async fn each_event_comes_as_it_happens_with_what_other_subgraphs_know() -> anyhow::Result<()> {
    let expected =
        |number| format!(r#"{{"data":{{"lent":{{"isbn":"B{number}","title":"Title of B{number}"}}}}}}"#);
    for subgraph_speaks_multipart in [false, true] {
        let got = follow(subgraph_speaks_multipart, "text/event-stream").await?;
        assert_eq!(got[0], format!("event: next\ndata: {}\n\n", expected(1)));
        assert_eq!(got[1], format!("event: next\ndata: {}\n\n", expected(2)));
        assert!(got[2].ends_with("event: complete\ndata:\n\n"), "{}", got[2]);
        let got = follow(subgraph_speaks_multipart, "multipart/mixed;subscriptionSpec=1.0").await?;
        assert!(got[0].contains(&format!("{{\"payload\":{}}}", expected(1))), "{}", got[0]);
        assert!(got[1].contains(&format!("{{\"payload\":{}}}", expected(2))), "{}", got[1]);
        assert!(got[2].ends_with("--graphql--\r\n") || got[2] == "--\r\n", "{}", got[2]);
    }
    Ok(())
}
