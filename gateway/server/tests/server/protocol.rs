//! GraphQL over HTTP: parameters, media types, status codes.

use octavo_server::{CorsOptions, Options, Origins};
use serde_json::json;

use crate::kit::Kit;

const NEW: (&str, &str) = ("accept", "application/graphql-response+json");
const OLD: (&str, &str) = ("accept", "application/json");

#[tokio::test]
async fn post_and_get_give_the_same_answer_in_the_type_that_is_liked() {
    let kit = Kit::new(Options::default());
    let expected = json!({ "data": { "books": [{ "title": "Lalka", "grade": 9.5 }, { "title": "Ubik", "grade": 8.0 }] } });
    let post = kit.post(r#"{"query":"{ books { title grade } }"}"#, &[NEW]).await;
    assert_eq!((post.status.as_u16(), post.json()), (200, expected.clone()));
    assert_eq!(post.header("content-type"), "application/graphql-response+json; charset=utf-8");
    let get = kit.get("/graphql?query=%7Bbooks%7Btitle+grade%7D%7D", &[OLD]).await;
    assert_eq!((get.status.as_u16(), get.json()), (200, expected));
    assert_eq!(get.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn what_graphql_refuses_is_400_and_200_to_clients_that_know_json_alone() {
    let kit = Kit::new(Options::default());
    let cases = [
        (r#"{"query":"{ books { "}"#, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"{ nope }"}"#, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"query A { motto } query B { motto }"}"#, "OPERATION_RESOLUTION_FAILURE"),
        (r#"{"query":"query A { motto }","operationName":"B"}"#, "OPERATION_RESOLUTION_FAILURE"),
        (
            r#"{"query":"query($n: Int) { books(first: $n) { isbn } }","variables":{"n":"x"}}"#,
            "BAD_USER_INPUT",
        ),
        (
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}"#,
            "PERSISTED_QUERY_NOT_SUPPORTED",
        ),
    ];
    for (body, code) in cases {
        for (accept, status) in [(NEW, 400), (OLD, 200)] {
            let reply = kit.post(body, &[accept]).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{body}");
            assert!(reply.json().get("data").is_none(), "nothing was executed: {}", reply.text());
        }
    }
    assert!(kit.subgraphs.seen.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn errors_say_where() {
    let kit = Kit::new(Options::default());
    let reply = kit.query("{\n  motto\n  nope\n}").await;
    assert_eq!(reply.json()["errors"][0]["locations"], json!([{ "line": 3, "column": 3 }]));
    let reply = kit.query("{ books { ").await.json();
    assert_eq!(reply["errors"].as_array().map(Vec::len), Some(1), "syntax alone: {reply}");
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_in_every_type() {
    let kit = Kit::new(Options::default());
    for body in ["", "[]", "{}", r#"{"query":7}"#, r#"{"query":"{motto}","variables":"x"}"#, "\u{fffd}"] {
        for accept in [NEW, OLD] {
            let reply = kit.post(body, &[accept]).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "BAD_REQUEST"), "{body}");
        }
    }
    let typed = |kind| [("content-type", kind)];
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
        let request = http::Request::post("/graphql").header("content-type", kind);
        let reply = kit.send(request.body(r#"{"query":"{motto}"}"#.into()).expect("a request")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
    }
    let reply = kit.get("/graphql?query={motto}", &[("accept", "text/plain")]).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (406, "NOT_ACCEPTABLE"));
    let request = http::Request::put("/graphql").body(axum::body::Body::empty()).expect("a request");
    let reply = kit.send(request).await;
    assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "GET, POST"));
    assert_eq!(kit.get("/nowhere", &typed("application/json")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_mutation_is_refused_by_get_and_runs_by_post() {
    let kit =
        Kit::with(Options::default(), None, |_| crate::kit::json(r#"{"data":{"rename":{"title":"New"}}}"#));
    let document = r#"mutation { rename(isbn: "1", title: "New") { title } }"#;
    let uri = "/graphql?query=mutation%7Brename(isbn:%221%22,title:%22New%22)%7Btitle%7D%7D";
    for accept in [NEW, OLD] {
        let reply = kit.get(uri, &[accept]).await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"));
        assert_eq!(reply.code(), "MUTATION_NOT_ALLOWED_OVER_HTTP_GET");
    }
    assert!(kit.subgraphs.seen.lock().expect("no panic").is_empty(), "nothing was sent");
    assert_eq!(kit.query(document).await.json(), json!({ "data": { "rename": { "title": "New" } } }));
}

#[tokio::test]
async fn partial_data_is_a_success_with_errors() {
    let kit = Kit::new(Options::default());
    for accept in [NEW, OLD] {
        let reply = kit.post(r#"{"query":"{ motto }"}"#, &[accept]).await;
        let json = reply.json();
        assert_eq!((reply.status.as_u16(), &json["data"]), (200, &json!({ "motto": null })));
        assert_eq!(
            (&json["errors"][0]["message"], &json["errors"][0]["path"]),
            (&json!("no motto"), &json!(["motto"]))
        );
    }
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_ask() {
    let kit = Kit::new(Options::default());
    let uri = "/graphql?query=%7Bbooks%7Btitle%7D%7D";
    let forged = kit.get(uri, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!((forged.status.as_u16(), forged.code().as_str()), (403, "CSRF_PREVENTION_FAILED"));
    for asked in [("apollo-require-preflight", "1"), ("content-type", "application/json")] {
        assert_eq!(kit.get(uri, &[("sec-fetch-site", "cross-site"), asked]).await.status.as_u16(), 200);
    }
    assert_eq!(kit.get(uri, &[("sec-fetch-site", "same-origin")]).await.status.as_u16(), 200);
    let open = Kit::new(Options { csrf_prevention: false, ..Options::default() });
    assert_eq!(open.get(uri, &[("sec-fetch-site", "cross-site")]).await.status.as_u16(), 200);
}

#[tokio::test]
async fn other_sites_read_answers_only_where_they_are_listed() {
    let origin = ("origin", "https://shop.example");
    let closed = Kit::new(Options::default()).post(r#"{"query":"{ motto }"}"#, &[origin]).await;
    assert_eq!(closed.header("access-control-allow-origin"), "");
    let origins = Origins::These(vec!["https://shop.example".to_owned()]);
    let cors = Some(CorsOptions { origins, credentials: true });
    let kit = Kit::new(Options { cors, ..Options::default() });
    let reply = kit.post(r#"{"query":"{ motto }"}"#, &[origin]).await;
    assert_eq!(reply.header("access-control-allow-origin"), "https://shop.example");
    let preflight = http::Request::options("/graphql")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let reply = kit.send(preflight.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-headers")), (200, "content-type"));
    let reply = kit.post(r#"{"query":"{ motto }"}"#, &[("origin", "https://evil.example")]).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}
