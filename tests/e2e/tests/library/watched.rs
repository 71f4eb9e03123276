//! The platform's people watch the library through its own graph.

use std::time::Duration;

use octavo_e2e::{Running, ask};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

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
        if edges.len() > 5 && edges.iter().all(|edge| edge["healthy"] == true) {
            break;
        }
        sleep(Duration::from_millis(200)).await;
    }
    let edges = consistency["edges"].as_array().cloned().unwrap_or_default();
    for service in ["authors", "books", "genres"] {
        for (from, to, kind) in [("sagas", service, "COMMANDS"), (service, "sagas", "REPLIES")] {
            let edge =
                edges.iter().find(|edge| edge["from"] == from && edge["to"] == to && edge["kind"] == kind);
            assert!(edge.is_some_and(|edge| edge["healthy"] == true), "{from} to {to}: {consistency}");
        }
    }
    let names: Vec<_> =
        consistency["services"].as_array().into_iter().flatten().map(|service| &service["name"]).collect();
    assert_eq!(
        json!(names),
        json!(["authors", "books", "genres", "sagas", "students", "users"]),
        "node keeps nothing"
    );
    Ok(())
}
