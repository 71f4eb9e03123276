//! A gateway over two subgraphs that answer from a closure.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use http::{HeaderMap, Request, Response, StatusCode};
use octavo_authentication::Authenticator;
use octavo_executor::{
    CacheEntry, CacheError, CacheHearing, CacheKey, CacheMoment, CachePort, CacheScope, Events,
    SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse,
};
use octavo_server::{Gateway, Options, Schema};
use octavo_supergraph::Supergraph;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{ query: Query mutation: Mutation subscription: Subscription }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  BOOKS @join__graph(name: "books", url: "http://books/")
  GRADES @join__graph(name: "grades", url: "http://grades/")
}
type Query @join__type(graph: BOOKS) @join__type(graph: GRADES) {
  books(first: Int = 2): [Book!]! @join__field(graph: BOOKS)
  motto: String @join__field(graph: BOOKS)
}
type Mutation @join__type(graph: BOOKS) { rename(isbn: ID!, title: String!): Book }
type Subscription @join__type(graph: BOOKS) { lent: Book }
type Book @join__type(graph: BOOKS, key: "isbn") @join__type(graph: GRADES, key: "isbn") {
  isbn: ID!
  title: String @join__field(graph: BOOKS)
  next: Book @join__field(graph: BOOKS)
  grade: Float @join__field(graph: GRADES)
}
"#;

/// An event of a subscription.
pub(crate) type Event = Result<SubgraphResponse, SubgraphError>;

type Answer = dyn Fn(&SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> + Send + Sync;

/// Subgraphs that answer from a closure, and remember what they were asked.
pub(crate) struct Subgraphs {
    answer: Box<Answer>,
    pub(crate) seen: Mutex<Vec<SubgraphRequest>>,
    /// What follows a subscription.
    pub(crate) events: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
    /// The grades answer while it is free.
    pub(crate) gate: Arc<tokio::sync::Mutex<()>>,
}

impl SubgraphPort for Subgraphs {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        async move {
            let answer = (self.answer)(&request);
            let grades = &*request.subgraph == "grades";
            self.seen.lock().expect("no test panics in here").push(request);
            // Others may run while a subgraph thinks.
            tokio::task::yield_now().await;
            if grades {
                drop(self.gate.lock().await);
            }
            answer
        }
        .boxed()
    }

    fn subscribe(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<Events, SubgraphError>> {
        async move {
            self.seen.lock().expect("no test panics in here").push(request);
            let events = self.events.lock().expect("no test panics in here").take();
            events.map(StreamExt::boxed).ok_or(SubgraphError::NoEvents)
        }
        .boxed()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer as the port gives it")]
pub(crate) fn json(text: &str) -> Result<SubgraphResponse, SubgraphError> {
    Ok(SubgraphResponse { body: Bytes::copy_from_slice(text.as_bytes()), ..SubgraphResponse::default() })
}

/// Two books with their grades.
pub(crate) fn library(request: &SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> {
    match &*request.subgraph {
        "books" if request.body.windows(5).any(|word| word == b"motto") => {
            json(r#"{"data":{"motto":null},"errors":[{"message":"no motto","path":["motto"]}]}"#)
        }
        "books" => json(
            r#"{"data":{"books":[{"__typename":"Book","isbn":"1","title":"Lalka"},{"__typename":"Book","isbn":"2","title":"Ubik"}]}}"#,
        ),
        _ => json(
            r#"{"data":{"_entities":[{"__typename":"Book","grade":9.5},{"__typename":"Book","grade":8.0}]}}"#,
        ),
    }
}

/// A cache that never forgets.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Vec<(Arc<CacheScope>, CacheKey, Bytes)>>);

impl CachePort for Shelf {
    fn get_many<'a>(
        &'a self,
        scope: &'a CacheScope,
        keys: &'a [CacheKey],
    ) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, CacheError>> {
        let held = self.0.lock().expect("no test panics in here");
        let find = |key: &CacheKey| held.iter().find(|(s, k, _)| **s == *scope && k == key);
        let found = keys.iter().map(|key| find(key).map(|(_, _, entity)| entity.clone())).collect();
        async move { Ok(found) }.boxed()
    }

    fn moment(&self) -> CacheMoment {
        CacheMoment::default()
    }

    fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, _: u32, _: CacheMoment) {
        let mut held = self.0.lock().expect("no test panics in here");
        held.extend(entries.into_iter().map(|entry| (Arc::clone(&scope), entry.key, entry.entity)));
    }

    fn hearing(&self) -> Option<CacheHearing> {
        Some(CacheHearing { connected: false, messages: 2, last_ms: 1_000, lag_ms: 250 })
    }
}

pub(crate) struct Kit {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) subgraphs: Arc<Subgraphs>,
    router: Router,
}

impl Kit {
    pub(crate) fn new(options: Options) -> Self {
        Self::with(options, None, library)
    }

    pub(crate) fn with(
        options: Options,
        cache: Option<Arc<dyn CachePort>>,
        answer: impl Fn(&SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(SUPERGRAPH, (options, None), cache, answer)
    }

    /// A gateway of another supergraph with the same subgraphs.
    pub(crate) fn of(
        supergraph: &str,
        (options, authenticator): (Options, Option<Authenticator>),
        cache: Option<Arc<dyn CachePort>>,
        answer: impl Fn(&SubgraphRequest) -> Result<SubgraphResponse, SubgraphError> + Send + Sync + 'static,
    ) -> Self {
        let subgraphs = Arc::new(Subgraphs {
            answer: Box::new(answer),
            seen: Mutex::default(),
            events: Mutex::default(),
            gate: Arc::default(),
        });
        let supergraph = Supergraph::parse(supergraph).expect("a supergraph");
        let schema = Schema::new(supergraph, Arc::clone(&subgraphs) as Arc<dyn SubgraphPort>, 1);
        let gateway = Gateway::new(schema, cache, authenticator, options);
        let router = octavo_server::router(Arc::clone(&gateway));
        Self { gateway, subgraphs, router }
    }

    /// Sends a request whose answer is read as it comes.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (head, body) = self.open(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Reply { status: head.status, headers: head.headers, body }
    }

    /// Sends a body by POST as JSON, with more headers.
    pub(crate) async fn post(&self, body: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Lets one subscription be followed; what is sent are its events.
    pub(crate) fn events(&self) -> mpsc::UnboundedSender<Event> {
        let (sender, receiver) = mpsc::unbounded();
        *self.subgraphs.events.lock().expect("no test panics in here") = Some(receiver);
        sender
    }

    pub(crate) async fn query(&self, document: &str) -> Reply {
        self.post(&serde_json::json!({ "query": document }).to_string(), &[]).await
    }

    pub(crate) async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request")).await
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}
