//! The platform's people watch the library through its own graph.

use std::time::Duration;

use octavo_e2e::{Running, ask};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

const BEGIN: &str = "mutation { catalogueBook(isbn: \"9780306406157\", title: \"A Book\", genre: \"Physics\",
    authors: [{ name: \"Ada\", bio: \"Writes.\" }], idempotencyKey: \"k\") { saga { id } problems { message } } }";
const FOLLOW: &str =
    "subscription($id: ID!) { sagaProgress(id: $id) { version phase saga { ... on CatalogueBookSaga {
    book { title } } } } }";
const CONSISTENCY: &str =
    "{ consistency { services { name away outbox stuck } edges { from to kind healthy behind } } }";

#[tokio::test]
async fn every_edge_of_the_library_is_there_and_becomes_healthy() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().to_string_lossy();
    let library = Running::start("lms", &["--data", &data, "--empty"]).await?;
    let mut consistency = json!(null);
    for _ in 0..100 {
        consistency = ask(library.address(), CONSISTENCY, json!({})).await?.data()?["consistency"].clone();
        let edges = consistency["edges"].as_array().cloned().unwrap_or_default();
        if edges.len() > 14 && edges.iter().all(|edge| edge["healthy"] == true) {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    let edges = consistency["edges"].as_array().cloned().unwrap_or_default();
    for service in ["authors", "books", "genres", "lendings", "students"] {
        for (from, to, kind) in [("sagas", service, "COMMANDS"), (service, "sagas", "REPLIES")] {
            let edge =
                edges.iter().find(|edge| edge["from"] == from && edge["to"] == to && edge["kind"] == kind);
            assert!(edge.is_some_and(|edge| edge["healthy"] == true), "{from} to {to}: {consistency}");
        }
    }
    for service in ["books", "lendings", "students"] {
        let edge = edges.iter().find(|edge| edge["from"] == service && edge["to"] == "reports");
        assert!(edge.is_some_and(|edge| edge["healthy"] == true), "{service} to reports: {consistency}");
    }
    let names: Vec<_> =
        consistency["services"].as_array().into_iter().flatten().map(|service| &service["name"]).collect();
    assert_eq!(
        json!(names),
        json!(["authors", "books", "genres", "lendings", "reports", "sagas", "students", "users"]),
        "node keeps nothing"
    );
    Ok(())
}

#[tokio::test]
async fn a_saga_is_followed_through_the_gateway_to_its_end() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().to_string_lossy();
    let library = Running::start("lms", &["--data", &data, "--empty"]).await?;
    let begun = ask(library.address(), BEGIN, json!({})).await?.data()?["catalogueBook"].clone();
    anyhow::ensure!(begun["problems"] == json!([]), "{begun}");
    let request = reqwest::Client::new().post(format!("http://{}/graphql", library.address()));
    let body = json!({ "query": FOLLOW, "variables": { "id": begun["saga"]["id"] } });
    let text = request.header("accept", "text/event-stream").json(&body).send().await?.text().await?;
    let changes = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter(|data| data.contains("sagaProgress"));
    let changes: Vec<serde_json::Value> = changes.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let versions: Vec<i64> =
        changes.iter().filter_map(|change| change["data"]["sagaProgress"]["version"].as_i64()).collect();
    assert_eq!(
        versions,
        (1..=i64::try_from(versions.len())?).collect::<Vec<_>>(),
        "each change once: {text}"
    );
    let last = changes.last().map(|change| &change["data"]["sagaProgress"]).cloned().unwrap_or_default();
    assert_eq!(
        (&last["phase"], &last["saga"]["book"]["title"]),
        (&json!("COMPLETED"), &json!("A Book")),
        "{text}"
    );
    assert!(text.contains("event: complete"), "{text}");
    Ok(())
}
