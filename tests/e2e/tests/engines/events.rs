//! Gateways that hear on Pulsar what services say of their changes: none serves for long what is past.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use octavo_e2e::{Running, ask};
use octavo_engines::{Engine, Redis, shared};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::stack::changed;

/// Much less than genres are kept for.
const WITHIN: Duration = Duration::from_mins(3);

#[tokio::test]
async fn what_a_service_says_on_pulsar_is_seen_through_every_gateway() -> anyhow::Result<()> {
    let (mut redis, folder) = (Redis::start().await?, TempDir::new()?);
    let namespace = shared::unique("events");
    let database = format!("sqlite:{}", folder.path().join("genres.sqlite").display());
    let (url, admin) = (shared::pulsar()?, shared::pulsar_admin()?);
    let bus =
        ["--bus-url", &url, "--bus-admin-url", &admin, "--bus-namespace", &format!("public/{namespace}")];
    let genres = Running::start("lms-genres", &[&["--database-url", &database][..], &bus].concat()).await?;
    let node = Running::start("lms-node", &[]).await?;
    let config = format!(
        "authorization: {{ enforce: false }}\nsubgraphs:\n  genres: {{ url: \"http://{}/graphql\" }}\n  \
         node: {{ url: \"http://{}/graphql\" }}\ncache:\n  redis: {{ url: \"{}\", timeout_ms: 500 }}\n  \
         events: {{ url: \"{url}\", topics: [\"persistent://public/{namespace}/genres.events\"] }}\n",
        genres.address(),
        node.address(),
        redis.url(),
    );
    let file = folder.path().join("gateway.yaml");
    fs::write(&file, config)?;
    let file = file.to_string_lossy();
    let arguments = ["serve", "--supergraph", "schema/supergraph.graphql", "--config", &file];
    let (one, other) =
        (Running::start("octavo", &arguments).await?, Running::start("octavo", &arguments).await?);

    let made =
        changed(one.address(), "createGenre(name: \"0\", idempotencyKey: \"0\")", "genre { id }").await?;
    let id = made["genre"]["id"].clone();
    for turn in 1..=4 {
        for gateway in [&one, &other] {
            until_it_is_kept(gateway.address(), &id, turn - 1).await?;
        }
        if turn == 3 {
            redis.kill9()?;
        }
        let rename = format!(
            "renameGenre(id: {id}, name: \"{turn}\", expectedVersion: {turn}, idempotencyKey: \"{turn}\")"
        );
        changed(one.address(), &rename, "genre { id }").await?;
    }
    for gateway in [&one, &other] {
        until_it_is_kept(gateway.address(), &id, 4).await?;
    }
    Ok(())
}

/// Reads the genre's name until it is this one, and comes from the cache.
async fn until_it_is_kept(gateway: SocketAddr, id: &Value, name: u32) -> anyhow::Result<()> {
    let query = "query($id: ID!) { node(id: $id) { ... on Genre { name } } }";
    let (began, wanted) = (Instant::now(), name.to_string());
    loop {
        let answer = ask(gateway, query, json!({ "id": id })).await?;
        if answer.data()?["node"]["name"] == wanted.as_str() && answer.cache.starts_with("hit") {
            return Ok(());
        }
        anyhow::ensure!(began.elapsed() < WITHIN, "{name} is not seen: {} {}", answer.cache, answer.text);
        sleep(Duration::from_millis(100)).await;
    }
}
