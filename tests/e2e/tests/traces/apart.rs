//! Services as processes of their own, and a coordinator that is another process when its saga goes on.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use octavo_e2e::{Running, ask};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::collector::Collector;
use crate::{of_the_mutation, way, way_of_effect};

const WITHIN: Duration = Duration::from_mins(3);

const CATALOGUE: &str = "mutation Catalogue { catalogueBook(isbn: \"9780306406157\", title: \"A Book\",
    genre: \"Physics\", authors: [{ name: \"Ada\", bio: \"Writes.\" }], idempotencyKey: \"k\") {
    saga { id } problems { message } } }";

/// Where processes keep their data and tell their traces.
struct Place {
    folder: TempDir,
    endpoint: String,
}

impl Place {
    async fn start(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Running> {
        let told = [("OTEL_EXPORTER_OTLP_ENDPOINT", self.endpoint.as_str())];
        Running::start_in(name, arguments, &told).await
    }

    async fn service(&self, name: &str) -> anyhow::Result<Running> {
        let file = |of: &str| format!("sqlite:{}", self.folder.path().join(format!("{of}.sqlite")).display());
        self.start(&format!("lms-{name}"), &["--database-url", &file(name), "--bus-url", &file("bus")]).await
    }

    /// A gateway in front of the sagas alone.
    async fn gateway(&self, sagas: &Running) -> anyhow::Result<Running> {
        let config = format!(
            "authorization: {{ enforce: false }}\nsubgraphs:\n  sagas: {{ url: \"http://{}/graphql\" }}\n",
            sagas.address()
        );
        let file = self.folder.path().join("gateway.yaml");
        fs::write(&file, config)?;
        let config = file.to_string_lossy();
        let arguments = ["serve", "--supergraph", "schema/supergraph.graphql", "--config", &config];
        self.start("octavo", &arguments).await
    }
}

/// Waits until a saga's step or phase says this.
async fn until(sagas: &Running, id: &str, said: &str) -> anyhow::Result<()> {
    let query = "query($id: ID!) { saga(id: $id) { phase steps { name status } } }";
    let began = Instant::now();
    loop {
        let answer = ask(sagas.address(), query, json!({ "id": id })).await?;
        if answer.text.contains(said) {
            return Ok(());
        }
        ensure!(began.elapsed() < WITHIN, "it does not come to {said}: {}", answer.text);
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_trace_leads_through_processes_and_over_a_restart_of_the_coordinator() -> anyhow::Result<()> {
    let collector = Collector::start().await?;
    let place = Place { folder: TempDir::new()?, endpoint: collector.endpoint() };
    let (sagas, genres) = (place.service("sagas").await?, place.service("genres").await?);
    let gateway = place.gateway(&sagas).await?;
    let begun = crate::ask(gateway.address(), CATALOGUE).await?;
    let id =
        begun["data"]["catalogueBook"]["saga"]["id"].as_str().with_context(|| begun.to_string())?.to_owned();
    let genre_is_there = "{\"name\":\"ensureGenre\",\"status\":\"DONE\"}";
    until(&sagas, &id, genre_is_there).await?;
    assert!(sagas.interrupt().await?.success());

    // The saga goes on in another process, with services that have not been there before.
    let sagas = place.service("sagas").await?;
    let (authors, books) = (place.service("authors").await?, place.service("books").await?);
    until(&sagas, &id, "COMPLETED").await?;
    for process in [gateway, sagas, genres, authors, books] {
        assert!(process.interrupt().await?.success());
    }

    let spans = of_the_mutation(&collector)?;
    for service in ["genres", "authors", "books"] {
        let way = way_of_effect(&spans, service)?;
        assert_eq!(way[1], format!("send {service}.commands"));
        assert_eq!(way[way.len() - 3..], ["mutation", "fetch sagas", "mutation Catalogue"], "{way:#?}");
    }
    // The book was asked for by the second coordinator, once the author had answered.
    let book = spans.iter().find(|span| span.name == "send books.commands").context("a book is asked for")?;
    let before = way(&spans, book)?;
    assert!(before.contains(&"process authors.StepAnswered"), "{before:#?}");
    let processes: std::collections::BTreeSet<&str> =
        spans.iter().map(|span| span.process.as_str()).collect();
    assert_eq!(processes.len(), 5, "the gateway and four services: {processes:?}");
    Ok(())
}
