//! What callers may not see: null or refused, and never asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use octavo_authentication::{
    Algorithm, Authenticator, FetchError, KeySource, Options as TokenOptions, Provider,
};
use octavo_executor::SubgraphRequest;
use octavo_server::{AuthorizationOptions, Options, Unauthorized};
use serde_json::{Value, json};

use crate::kit::{self, Kit, Reply, SUPERGRAPH};

/// The supergraph of the other tests, with rules.
fn supergraph() -> String {
    let spec = |name| format!("@link(url: \"https://specs.apollo.dev/{name}/v0.1\", for: SECURITY)");
    let links = ["authenticated", "requiresScopes", "policy"].map(spec).concat();
    SUPERGRAPH
        .replace("{ query: Query mutation", &format!("{links} {{ query: Query mutation"))
        .replace("motto: String @", "motto: String @authenticated @")
        .replace(
            "rename(isbn: ID!, title: String!): Book",
            "rename(isbn: ID!, title: String!): Book @policy(policies: [[\"rename\"]])",
        )
        .replace("lent: Book", "lent: Book @authenticated")
        .replace("next: Book @", "next: Book @authenticated @")
        .replace(
            "grade: Float @",
            "grade: Float @requiresScopes(scopes: [[\"grades\", \"read\"], [\"staff\"]]) @",
        )
}

fn signing_key() -> EncodingKey {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([7; 32]);
    EncodingKey::from_ed_der(&der)
}

struct Keys;

impl KeySource for Keys {
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        let key = Jwk::from_encoding_key(&signing_key(), Algorithm::EdDSA).expect("a key");
        futures::future::ready(Ok(json!({ "keys": [key] }).to_string().into())).boxed()
    }
}

fn authenticator() -> Authenticator {
    let provider = Provider {
        name: "keys".to_owned(),
        source: Arc::new(Keys),
        issuers: Vec::new(),
        audiences: Vec::new(),
        algorithms: vec![Algorithm::EdDSA],
        refresh: Duration::from_mins(5),
    };
    let options = TokenOptions { policies_claim: Some("policies".to_owned()), ..TokenOptions::default() };
    Authenticator::new(options, vec![provider])
}

fn token(scope: &str) -> String {
    token_until(get_current_timestamp() + 60, scope)
}

fn token_until(expires: u64, scope: &str) -> String {
    let claims = json!({ "exp": expires, "scope": scope, "policies": scope });
    format!("Bearer {}", encode(&Header::new(Algorithm::EdDSA), &claims, &signing_key()).expect("a token"))
}

fn kit(authorization: AuthorizationOptions) -> Kit {
    answering(authorization, kit::library)
}

fn answering(
    authorization: AuthorizationOptions,
    answer: impl Fn(&SubgraphRequest) -> kit::Event + Send + Sync + 'static,
) -> Kit {
    let options = Options { authorization, ..Options::default() };
    Kit::of(&supergraph(), (options, Some(authenticator())), None, answer)
}

/// A query, by whoever has these scopes (`None`: nobody in particular).
async fn ask(kit: &Kit, query: &Value, scope: Option<&str>) -> Reply {
    let header = scope.map(token);
    let headers: Vec<_> = header.iter().map(|header| ("authorization", header.as_str())).collect();
    kit.post(&query.to_string(), &headers).await
}

/// The subgraphs that were asked, and no longer remembered.
fn asked(kit: &Kit) -> Vec<String> {
    let mut seen = kit.subgraphs.seen.lock().expect("no panic");
    seen.drain(..).map(|request| request.subgraph.to_string()).collect()
}

fn unauthorized(path: &Value) -> Value {
    json!({
        "message": "you are not authorized to see this field",
        "path": path,
        "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" }
    })
}

#[tokio::test]
async fn what_a_caller_may_not_see_is_null_and_not_asked_for() {
    let kit = kit(AuthorizationOptions::default());
    let query = json!({ "query": "{ books { title grade } }" });
    for scope in [None, Some(""), Some("grades"), Some("read")] {
        let expected = json!({
            "data": { "books": [{ "title": "Lalka", "grade": null }, { "title": "Ubik", "grade": null }] },
            "errors": [unauthorized(&json!(["books", 0, "grade"])), unauthorized(&json!(["books", 1, "grade"]))]
        });
        assert_eq!(ask(&kit, &query, scope).await.json(), expected, "{scope:?}");
        assert_eq!(asked(&kit), ["books"], "{scope:?}");
    }
    for scope in ["read grades", "staff"] {
        let whole = json!({ "data": { "books": [{ "title": "Lalka", "grade": 9.5 }, { "title": "Ubik", "grade": 8.0 }] } });
        assert_eq!(ask(&kit, &query, Some(scope)).await.json(), whole, "{scope}");
        assert_eq!(asked(&kit), ["books", "grades"], "{scope}");
    }
}

#[tokio::test]
async fn an_object_of_which_nothing_may_be_seen_is_there_all_the_same() {
    let kit = kit(AuthorizationOptions::default());
    let reply = ask(&kit, &json!({ "query": "{ books { grade } }" }), None).await.json();
    assert_eq!(reply["data"], json!({ "books": [{ "grade": null }, { "grade": null }] }));
    let body = kit.subgraphs.seen.lock().expect("no panic")[0].body.clone();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["query"], "query {books {__typename}}");
    let alone = ask(&kit, &json!({ "query": "{ motto }" }), None).await.json();
    assert_eq!(alone, json!({ "data": { "motto": null }, "errors": [unauthorized(&json!(["motto"]))] }));
    assert_eq!(asked(&kit), ["books"], "for the mottos nobody is asked");
}

#[tokio::test]
async fn null_goes_as_far_up_as_the_types_say() {
    let strict =
        supergraph().replace("grade: Float", "grade: Float!").replace("motto: String", "motto: String!");
    let kit = Kit::of(&strict, (Options::default(), Some(authenticator())), None, kit::library);
    let reply = ask(&kit, &json!({ "query": "{ books { title grade } }" }), None).await.json();
    assert_eq!(reply["data"], Value::Null, "{reply}");
    assert_eq!(
        reply["errors"],
        json!([unauthorized(&json!(["books", 0, "grade"])), unauthorized(&json!(["books", 1, "grade"]))])
    );
}

#[tokio::test]
async fn a_field_that_is_skipped_is_no_offence() {
    let whole =
        AuthorizationOptions { unauthorized: Unauthorized::Refuse, ..AuthorizationOptions::default() };
    for (options, status) in [(AuthorizationOptions::default(), 200), (whole, 403)] {
        let kit = kit(options);
        let document = "query($g: Boolean!) { books { title grade @include(if: $g) } }";
        let asks = |g: bool| json!({ "query": document, "variables": { "g": g } });
        let accept = |query: Value| {
            let request = Request::post("/graphql").header("content-type", "application/json");
            let request = request.header("accept", "application/graphql-response+json");
            request.body(Body::from(query.to_string())).expect("a request")
        };
        let skipped = kit.send(accept(asks(false))).await;
        assert_eq!(skipped.json().get("errors"), None, "{}", skipped.text());
        let shown = kit.send(accept(asks(true))).await;
        assert_eq!((shown.status.as_u16(), shown.code().as_str()), (status, "UNAUTHORIZED_FIELD_OR_TYPE"));
    }
}

#[tokio::test]
async fn an_operation_can_be_refused_as_a_whole() {
    let kit =
        kit(AuthorizationOptions { unauthorized: Unauthorized::Refuse, ..AuthorizationOptions::default() });
    let query = json!({ "query": "{ books { title next { again: grade } } }" });
    let reply = ask(&kit, &query, None).await;
    assert_eq!(
        reply.status.as_u16(),
        200,
        "clients of application/json take other statuses for broken servers"
    );
    assert_eq!(
        reply.json(),
        json!({ "errors": [{
        "message": "you are not authorized to see what the operation asks for",
        "path": ["books", "next"],
        "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" }
    }] })
    );
    let reply = ask(&kit, &query, Some("")).await.json();
    assert_eq!(reply["errors"][0]["path"], json!(["books", "next", "again"]));
    assert!(asked(&kit).is_empty());
    assert!(ask(&kit, &query, Some("staff")).await.json().get("data").is_some());
}

#[tokio::test]
async fn a_mutation_that_is_refused_changes_nothing() {
    let kit = answering(AuthorizationOptions::default(), |request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!body.contains("a:"), "{body}");
        kit::json(r#"{"data":{"rename":{"title":"Solaris"}}}"#)
    });
    let query = json!({ "query": "mutation { rename(isbn: 1, title: \"Solaris\") { title } }" });
    let reply = ask(&kit, &query, Some("")).await.json();
    assert_eq!(reply, json!({ "data": { "rename": null }, "errors": [unauthorized(&json!(["rename"]))] }));
    assert!(asked(&kit).is_empty());
    let reply = ask(&kit, &query, Some("rename")).await.json();
    assert_eq!(reply, json!({ "data": { "rename": { "title": "Solaris" } } }));
}

#[tokio::test]
async fn a_part_of_which_nothing_may_be_seen_comes_all_the_same() {
    let kit = kit(AuthorizationOptions::default());
    let query = "{ books { title ... @defer { grade next { ... @defer { title } } } } }";
    let request = Request::post("/graphql").header("content-type", "application/json");
    let request = request.header("accept", "multipart/mixed;deferSpec=20220824, application/json");
    let request = request.body(Body::from(json!({ "query": query }).to_string())).expect("a request");
    let text = kit.send(request).await.text();
    assert!(text.contains(r#""data":{"grade":null,"next":null},"path":["books",0]"#), "{text}");
    assert!(text.contains(r#""hasNext":false"#) && text.contains("UNAUTHORIZED_FIELD_OR_TYPE"), "{text}");
    assert_eq!(asked(&kit), ["books"]);
}

#[tokio::test]
async fn a_subscription_to_what_may_not_be_seen_is_refused_and_the_rest_of_events_is_null() {
    let kit = answering(AuthorizationOptions::default(), |_| panic!("no subgraph is asked"));
    let events = kit.events();
    let event = r#"{"data":{"lent":{"__typename":"Book","isbn":"1","title":"Lalka"}}}"#;
    events.unbounded_send(kit::json(event)).expect("it is followed");
    drop(events);
    let query = json!({ "query": "subscription { lent { title grade } }" });
    let send = |scope: Option<&str>| {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        request = request.header("accept", "text/event-stream");
        if let Some(scope) = scope {
            request = request.header("authorization", token(scope));
        }
        kit.send(request.body(Body::from(query.to_string())).expect("a request"))
    };
    let refused = send(None).await.text();
    assert!(
        refused.contains("UNAUTHORIZED_FIELD_OR_TYPE") && refused.contains(r#""path":["lent"]"#),
        "{refused}"
    );
    assert!(asked(&kit).is_empty());
    let followed = send(Some("")).await.text();
    assert!(followed.contains(r#"{"lent":{"title":"Lalka","grade":null}}"#), "{followed}");
    assert_eq!(asked(&kit), ["books"]);
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let kit = kit(AuthorizationOptions::default());
    for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
        let events = kit.events();
        let event = r#"{"data":{"lent":{"__typename":"Book","isbn":"1","title":"Lalka"}}}"#;
        events.unbounded_send(kit::json(event)).expect("it is followed");
        // A token is good for 30 seconds longer than it says, since clocks differ.
        let token = token_until(get_current_timestamp() - 29, "read grades");
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = request.header("accept", accept).header("authorization", token);
        let query = json!({ "query": "subscription { lent { title } }" });
        // Whole answers only: that there is one says that the subscription has ended.
        let text = kit.send(request.body(Body::from(query.to_string())).expect("a request")).await.text();
        let (event, end) = text.split_once("Lalka").unwrap_or_else(|| panic!("{text}"));
        assert!(!event.contains("errors"), "{text}");
        assert!(end.contains("the token has expired") && end.contains("UNAUTHENTICATED"), "{text}");
        assert!(end.ends_with("event: complete\ndata:\n\n") || end.ends_with("--graphql--\r\n"), "{text}");
        drop(events);
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused_whatever_is_asked() {
    let kit = kit(AuthorizationOptions::default());
    let body = json!({ "query": "{ __typename }" }).to_string();
    let reply = kit.post(&body, &[("authorization", "Bearer nonsense")]).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "UNAUTHENTICATED"));
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    assert_eq!(kit.post(&body, &[]).await.status.as_u16(), 200);
}

#[tokio::test]
async fn requests_without_a_token_can_be_refused() {
    let kit = kit(AuthorizationOptions { require_authentication: true, ..AuthorizationOptions::default() });
    let query = json!({ "query": "{ books { title } }" });
    let reply = ask(&kit, &query, None).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "UNAUTHENTICATED"));
    assert!(asked(&kit).is_empty());
    assert_eq!(ask(&kit, &query, Some("")).await.json().get("errors"), None);
}

#[tokio::test]
async fn without_enforcement_the_subgraphs_decide_and_introspection_tells_no_rules() {
    let kit = kit(AuthorizationOptions { enforce: false, ..AuthorizationOptions::default() });
    let reply = ask(&kit, &json!({ "query": "{ books { grade } }" }), None).await.json();
    assert_eq!(reply, json!({ "data": { "books": [{ "grade": 9.5 }, { "grade": 8.0 }] } }));
    let document = json!({ "query": "{ __type(name: \"Book\") { fields { name } } }" });
    let shown = ask(&kit, &document, None).await.json();
    let held = ask(&self::kit(AuthorizationOptions::default()), &document, None).await.json();
    assert_eq!(shown, held);
    assert_eq!(held["data"]["__type"]["fields"].as_array().map(Vec::len), Some(4));
}
