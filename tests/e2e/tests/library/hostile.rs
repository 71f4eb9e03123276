//! Requests that mean harm: each gets an answer in JSON, and the process goes on.

use octavo_e2e::{Running, SERVICES, ask, post};
use serde_json::json;
use tempfile::TempDir;

const DEEP: usize = 3_000;

/// Bodies that nest deep, each in a way of its own.
fn bodies() -> Vec<(&'static str, String)> {
    let nested =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP));
    let query = |text: String| json!({ "query": text }).to_string();
    let variables = |value: String| {
        let query = "query($a: Boolean!) { __typename @include(if: $a) }";
        format!("{{\"query\":\"{query}\",\"variables\":{{\"a\":{value}}}}}")
    };
    vec![
        ("a list", query(format!("{{ a(b: {}) }}", nested("[", "1", "]")))),
        ("an object", query(format!("{{ a(b: {}) }}", nested("{a:", "1", "}")))),
        ("a type", query(format!("query($a: {}) {{ __typename }}", nested("[", "Int", "]")))),
        ("a default", query(format!("query($a: Int = {}) {{ __typename }}", nested("[", "1", "]")))),
        ("selections", query(nested("{a", "", "}"))),
        ("a directive", query(format!("{{ __typename @include(if: {}) }}", nested("[", "true", "]")))),
        ("a list in variables", variables(nested("[", "1", "]"))),
        ("an object in variables", variables(nested("{\"a\":", "1", "}"))),
        ("the body", nested("[", "", "]")),
    ]
}

async fn survives(server: &mut Running) -> anyhow::Result<()> {
    for (what, body) in bodies() {
        let answer = post(server.address(), body).await?;
        assert!(answer.body["errors"][0]["message"].is_string(), "{what}: {}", answer.text);
        assert!(server.is_alive()?, "{what} ended the process");
    }
    let answer = ask(server.address(), "{ __typename }", json!({})).await?;
    assert_eq!(answer.data()?["__typename"], "Query");
    Ok(())
}

#[tokio::test]
async fn each_service_survives_what_nests_deep() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    for name in SERVICES {
        let database = format!("sqlite:{}", folder.path().join(name).display());
        let mut service = Running::start(&format!("lms-{name}"), &["--database-url", &database]).await?;
        survives(&mut service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_gateway_survives_what_nests_deep() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().to_string_lossy();
    let mut library = Running::start("lms", &["--data", &data, "--empty"]).await?;
    survives(&mut library).await
}
