//! What Prometheus is told of sagas and of the ways between services.

use std::time::Duration;

use serde_json::json;

use crate::world::World;

const BEGIN: &str = "mutation { catalogueBook(isbn: \"9780306406157\", title: \"t\", genre: \"g\",
    authors: [{ name: \"a\", bio: \"b\" }], idempotencyKey: \"1\") { saga { id } problems { code message } } }";

/// Waits until the text has a line that begins so.
async fn until(world: &World, line: &str) {
    let mut text = String::new();
    for _ in 0..200 {
        text = world.sagas.metrics().await.unwrap();
        if text.lines().any(|found| found.starts_with(line)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never said {line}: {text}")
}

#[tokio::test]
async fn edges_and_unfinished_sagas_are_measured() {
    let world = World::new().await;
    let _joined = world.join_all().await;
    let edge = |name: &str, value: &str| {
        format!(
            "lms_{name}{{service=\"sagas\",from=\"notes\",to=\"ear\",consumer=\"ear\",kind=\"events\"}} {value}"
        )
    };
    until(&world, &edge("edge_healthy", "1.0")).await;
    world.write("a", "poison").await;
    until(&world, &edge("edge_healthy", "0.0")).await;
    until(&world, &edge("edge_behind_seconds", "")).await;

    let begun = world.ask(BEGIN, json!({})).await;
    assert_eq!(begun["catalogueBook"]["problems"], json!([]));
    let running = "{service=\"sagas\",kind=\"CatalogueBookSaga\",phase=\"RUNNING\"} ";
    until(&world, &format!("lms_sagas_unfinished{running}1.0")).await;
    until(&world, &format!("lms_sagas_oldest_unfinished_seconds{running}")).await;
}
