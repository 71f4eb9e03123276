//! The gateway holding the rules of a schema: the binary with real tokens, keys published over HTTPS, HTTP and in a file, and a
//! subgraph that counts what it is asked.

mod stage;

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use stage::{ISSUER, Stage, claims, now, signed, signed_by};

const QUERY: &str = "{ open secret staff paid }";

fn authorization(codes: &[&str]) -> Value {
    let error = |field: &&str| {
        json!({
            "message": "you are not authorized to see this field",
            "path": [field],
            "extensions": { "code": "UNAUTHORIZED_FIELD_OR_TYPE" }
        })
    };
    codes.iter().map(error).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_for_whom_the_schema_says_and_others_are_not_asked_for() {
    let stage = Stage::new().await;
    for place in [stage.https_provider(), stage.http_provider(), stage.file_provider()] {
        let gateway =
            stage.serve(&format!("authentication:\n  policies_claim: rules\n  providers:\n{place}"));
        let nobody = gateway.ask(QUERY, None).await;
        assert_eq!(
            nobody.1["data"],
            json!({ "open": "o", "secret": null, "staff": null, "paid": null }),
            "{place}"
        );
        assert_eq!(nobody.1["errors"], authorization(&["secret", "staff", "paid"]));
        assert_eq!(stage.asked(), ["query {open}"]);

        let token = signed(&claims(&json!({ "scope": "read" })));
        let somebody = gateway.ask(QUERY, Some(&token)).await;
        assert_eq!(somebody.1["data"], json!({ "open": "o", "secret": "s", "staff": null, "paid": null }));
        assert_eq!(stage.asked(), ["query {open secret}"]);

        let token = signed(&claims(&json!({ "scope": ["write", "read"], "rules": "paid" })));
        let staff = gateway.ask(QUERY, Some(&token)).await;
        assert_eq!(staff.1, json!({ "data": { "open": "o", "secret": "s", "staff": "t", "paid": "p" } }));
        assert_eq!(stage.asked(), ["query {open secret staff paid}"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_good_are_refused() {
    let stage = Stage::new().await;
    let provider = stage.https_provider();
    let gateway = stage.serve(&format!("authentication:\n  providers:\n{provider}      audiences: [shop]\n"));
    let good = claims(&json!({}));
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        signed(&claims)
    };
    let head = signed(&good).split('.').nth(1).expect("claims").to_owned();
    let bad = [
        with("exp", json!(now() - 60)),
        with("nbf", json!(now() + 600)),
        with("iss", json!("https://another.example/")),
        with("aud", json!("another")),
        // {"alg":"none","kid":"one"}
        format!("eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{head}."),
        signed_by(&stage::secret_of_public_key(), Algorithm::HS256, "one", &good),
        signed_by(&stage::key(1), Algorithm::EdDSA, "unknown", &good),
        signed_by(&stage::key(2), Algorithm::EdDSA, "one", &good),
        "garbage".to_owned(),
    ];
    for token in bad {
        let (status, body) = gateway.ask("{ open }", Some(&token)).await;
        assert_eq!(
            (status, &body["errors"][0]["extensions"]["code"]),
            (401, &json!("UNAUTHENTICATED")),
            "{token}"
        );
        assert!(body.get("data").is_none());
    }
    assert!(stage.asked().is_empty());
    let (status, body) = gateway.ask("{ secret }", Some(&signed(&good))).await;
    assert_eq!((status, body), (200, json!({ "data": { "secret": "s" } })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_refused_as_a_whole_where_that_is_configured() {
    let stage = Stage::new().await;
    let provider = stage.http_provider();
    let gateway = stage.serve(&format!(
        "authentication:\n  on_invalid: ignore\n  providers:\n{provider}authorization: {{reject_unauthorized: true}}\n"
    ));
    for token in [None, Some("garbage")] {
        let (_, body) = gateway.ask(QUERY, token).await;
        assert!(body.get("data").is_none(), "{body}");
        assert_eq!(body["errors"][2]["path"], json!(["paid"]));
    }
    assert!(stage.asked().is_empty());
    let gateway = stage.serve(&format!(
        "authentication:\n  providers:\n{provider}authorization: {{require_authentication: true}}\n"
    ));
    assert_eq!(gateway.ask("{ open }", None).await.0, 401);
    assert_eq!(gateway.ask("{ open }", Some(&signed(&claims(&json!({}))))).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_are_not_held_as_they_stand_are_told_at_the_start() {
    let stage = Stage::new().await;
    let unconfigured = stage.serve("");
    assert!(unconfigured.said("nobody sees these fields"), "{:?}", unconfigured.log);
    let (_, body) = unconfigured.ask(QUERY, None).await;
    assert_eq!(body["errors"], authorization(&["secret", "staff", "paid"]), "whoever asks, the rules hold");

    let left = stage.serve("authorization: {enforce: false}\n");
    assert!(left.said("the subgraphs must hold them"), "{:?}", left.log);
    let (_, body) = left.ask(QUERY, None).await;
    assert_eq!(body["data"]["paid"], "p");

    let provider = stage.http_provider();
    let without_policies = stage.serve(&format!("authentication:\n  providers:\n{provider}"));
    assert!(without_policies.said("policies_claim"), "{:?}", without_policies.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_at_the_start_and_named() {
    let stage = Stage::new().await;
    let cases = [
        ("authorization: {require_authentication: true}\n".to_owned(), "configure `authentication` too"),
        ("authentication: {providers: []}\n".to_owned(), "authentication.providers: there is none"),
        (
            "authentication: {providers: [{jwks: nowhere.json}]}\n".to_owned(),
            "the keys nowhere.json cannot be used",
        ),
        ("authentication: {providers: [{jwks: ftp://a/b}]}\n".to_owned(), "ftp://a/b"),
        ("authentication: {providers: [{jwks: https://a/b, ca: none.pem}]}\n".to_owned(), "none.pem"),
        ("authentication: {providers: [{jwks: https://a/b, algorithms: [none]}]}\n".to_owned(), "none"),
        (
            "authentication: {providers: [{jwks: https://a/b, algorithms: []}]}\n".to_owned(),
            "allows no algorithm",
        ),
        (
            "authentication: {providers: [{jwks: https://a/b, refresh: 0}]}\n".to_owned(),
            "authentication.providers.refresh",
        ),
        (
            "authentication: {header: \"a b\", providers: [{jwks: https://a/b}]}\n".to_owned(),
            "authentication.header",
        ),
        (format!("authentication: {{issuer: {ISSUER}, providers: []}}\n"), "issuer"),
    ];
    for (config, words) in cases {
        let (exit, told) = stage.refused(&config);
        assert_eq!(exit, 2, "{config}: {told}");
        assert!(told.contains(words), "{config}: {told}");
    }
}
