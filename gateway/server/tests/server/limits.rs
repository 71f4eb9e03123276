//! What a request may cost.

use octavo_server::{OperationLimits, Options};

use crate::kit::Kit;

#[tokio::test]
async fn a_body_past_the_limit_is_413_announced_or_not() {
    let kit = Kit::new(Options { max_body_bytes: 100, ..Options::default() });
    let long = format!(r#"{{"query":"{{ motto }} #{}"}}"#, "x".repeat(100));
    let announced = kit.post(&long, &[("content-length", &long.len().to_string())]).await;
    assert_eq!((announced.status.as_u16(), announced.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(kit.post(&long, &[]).await.status.as_u16(), 413);
    assert_eq!(kit.post(r#"{"query":"{ motto }"}"#, &[]).await.status.as_u16(), 200);
}

#[tokio::test]
async fn operations_are_bounded_by_what_they_expand_to() {
    let limits = OperationLimits { depth: 4, aliases: 3, directives: 2, ..OperationLimits::default() };
    let kit = Kit::new(Options { limits, ..Options::default() });
    let cases = [
        ("{ books { next { next { next { isbn } } } } }", "MAX_DEPTH_EXCEEDED"),
        ("{ books { ...A } } fragment A on Book { next { next { next { isbn } } } }", "MAX_DEPTH_EXCEEDED"),
        ("{ a: motto b: motto c: motto d: motto }", "MAX_ALIASES_EXCEEDED"),
        ("{ books { ...A next { ...A } } } fragment A on Book { a: isbn b: isbn }", "MAX_ALIASES_EXCEEDED"),
    ];
    for (document, code) in cases {
        assert_eq!(kit.query(document).await.code(), code, "{document}");
    }
    assert!(kit.query("{ books { next { next { isbn } } } }").await.json().get("errors").is_none());
}

#[tokio::test]
async fn the_defaults_stop_hostile_documents_early() {
    let kit = Kit::new(Options::default());
    let deep = "{ a".repeat(5_000);
    assert_eq!(kit.query(&deep).await.code(), "GRAPHQL_PARSE_FAILED");
    let lists = format!("{{ books(first: {}1{}) {{ isbn }} }}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(kit.query(&lists).await.code(), "GRAPHQL_PARSE_FAILED");
    let long = format!("{{ {} }}", "motto ".repeat(20_000));
    assert_eq!(kit.query(&long).await.code(), "GRAPHQL_PARSE_FAILED");
    let aliases: Vec<_> = (0..1_001).map(|n| format!("a{n}: motto")).collect();
    assert_eq!(kit.query(&format!("{{ {} }}", aliases.join(" "))).await.code(), "MAX_ALIASES_EXCEEDED");
    let variables = format!(
        r#"{{"query":"query($n: Int) {{ books(first: $n) {{ isbn }} }}","variables":{{"n":{}1{}}}}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    assert_eq!(kit.post(&variables, &[]).await.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn introspection_answers_and_can_be_off() {
    let document = "{ __schema { queryType { name } } __type(name: \"Book\") { kind } }";
    let reply = Kit::new(Options::default()).query(document).await;
    assert_eq!(
        reply.text(),
        r#"{"data":{"__schema":{"queryType":{"name":"Query"}},"__type":{"kind":"OBJECT"}}}"#
    );
    let kit = Kit::new(Options { introspection: false, ..Options::default() });
    assert_eq!(kit.query(document).await.code(), "INTROSPECTION_DISABLED");
    assert_eq!(
        kit.query("query { ...A } fragment A on Query { __schema { description } }").await.code(),
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(kit.query("{ __typename }").await.text(), r#"{"data":{"__typename":"Query"}}"#);
}
