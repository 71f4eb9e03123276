//! Requests that mean harm: each gets an answer, and the process goes on.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use async_graphql::{Json, Object};
use lms_kit::{
    Service, Sources,
    service::{Headers, NoEngine, SchemaParts, schema},
};
use serde_json::{Value, json};

struct Query;

#[Object]
impl Query {
    async fn echo(&self, any: Option<Json<Value>>, list: Option<Vec<i32>>) -> usize {
        any.map_or(0, |any| any.0.to_string().len()) + list.map_or(0, |list| list.len())
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self) -> bool {
        true
    }
}

async fn ask(body: &str) -> Value {
    let parts = SchemaParts::new("echo", schema(Query, Mutation).finish(), &[]);
    let service = Service::new(parts, Arc::new(NoEngine), Sources::repeatable()).unwrap();
    let answer = service.answer(body.as_bytes(), Headers::default()).await;
    serde_json::from_slice(&answer).unwrap()
}

async fn refused(body: &str) -> String {
    let answer = ask(body).await;
    assert_eq!(answer["data"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], json!("BAD_REQUEST"), "{answer}");
    answer["errors"][0]["message"].as_str().unwrap().to_owned()
}

const DEEP: usize = 3_000;

#[tokio::test]
async fn a_text_nested_3000_deep_is_refused() {
    let close =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP));
    for query in [
        format!("{{ echo(any: {}) }}", close("[", "", "]")),
        format!("{{ echo(any: {}) }}", close("{a:", "1", "}")),
        format!("query($v: {}) {{ echo }}", close("[", "Int", "]")),
        close("{ echo ", "", "}"),
        close("{ ... on Query ", "{ echo }", "}"),
        format!("{{ echo(any: {}", "[".repeat(DEEP)),
        format!("{{ echo @include(if: {}) }}", close("[", "", "]")),
    ] {
        let message = refused(&json!({ "query": query }).to_string()).await;
        assert!(message.contains("nested more than"), "{message}");
    }
}

#[tokio::test]
async fn variables_nested_3000_deep_are_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP));
        let body = format!(
            "{{\"query\": \"query($v: JSON) {{ echo(any: $v) }}\", \"variables\": {{\"v\": {deep}}}}}"
        );
        let message = refused(&body).await;
        assert!(message.contains("recursion limit"), "{message}");
    }
}

#[tokio::test]
async fn what_nests_within_the_limit_is_answered() {
    let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let answer = ask(&json!({ "query": format!("{{ echo(any: {deep}) }}") }).to_string()).await;
    assert_eq!(answer, json!({ "data": { "echo": 181 } }));
    let text = "[".repeat(DEEP);
    let answer = ask(&json!({ "query": format!("{{ echo(any: \"{text}\") }}") }).to_string()).await;
    assert_eq!(answer, json!({ "data": { "echo": DEEP + 2 } }));
}

#[tokio::test]
async fn fragments_that_spread_themselves_are_refused() {
    for query in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    ] {
        assert!(refused(&json!({ "query": query }).to_string()).await.contains("nested more than"));
    }
}

#[tokio::test]
async fn fragments_in_a_long_row_are_refused() {
    let chain = |index: usize| format!("fragment F{index} on Query {{ ...F{} }} ", index + 1);
    let query = format!(
        "{{ ...F0 }} {} fragment F3000 on Query {{ echo }}",
        (0..3000).map(chain).collect::<String>()
    );
    assert!(refused(&json!({ "query": query }).to_string()).await.contains("nested more than"));
}

#[tokio::test]
async fn fragments_that_double_many_times_are_refused() {
    let chain = |index: usize| format!("fragment F{index} on Query {{ ...F{0} ...F{0} }} ", index + 1);
    let query =
        format!("{{ ...F0 }} {} fragment F24 on Query {{ echo }}", (0..24).map(chain).collect::<String>());
    assert!(refused(&json!({ "query": query }).to_string()).await.contains("more than 20000 selections"));
}

#[tokio::test]
async fn an_unknown_or_ambiguous_operation_is_refused() {
    let query = "query A { echo } query B { echo }";
    for operation in [json!(null), json!("C")] {
        let body = json!({ "query": query, "operationName": operation });
        assert!(refused(&body.to_string()).await.contains("operation"));
    }
    assert!(refused("{").await.contains("no GraphQL request"));
}
