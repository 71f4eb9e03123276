//! Traces, as a collector is told them.

mod apart;
mod collector;
mod joined;

use std::net::SocketAddr;

use octavo_e2e::Running;
use serde_json::{Value, json};
use tempfile::TempDir;

use collector::{Collector, Seen};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

const CATALOGUE: &str = "mutation Catalogue { catalogueBook(isbn: \"9780306406157\", title: \"Told Nobody\",
    genre: \"Unsaid\", authors: [{ name: \"Ada Hidden\", bio: \"Keeps quiet.\" }], awaitCompletion: \"PT20S\",
    idempotencyKey: \"k1\") { saga { phase } problems { message } } }";

/// The library in one process, which tells a collector.
async fn library(folder: &TempDir, variables: &[(&str, &str)]) -> anyhow::Result<Running> {
    let data = folder.path().to_string_lossy();
    Running::start_in("lms", &["--data", &data, "--empty"], variables).await
}

/// Catalogues a book in the client's trace.
async fn catalogue(at: SocketAddr) -> anyhow::Result<Value> {
    ask(at, CATALOGUE).await
}

/// Asks for something in the client's trace.
async fn ask(at: SocketAddr, query: &str) -> anyhow::Result<Value> {
    let request = reqwest::Client::new().post(format!("http://{at}/graphql"));
    let request = request.header("traceparent", format!("00-{TRACE}-{CLIENT}-01"));
    let request = request.header("authorization", "Bearer not-for-collectors");
    let answer = request.json(&json!({ "query": query })).send().await?;
    Ok(serde_json::from_str(&answer.text().await?)?)
}

/// The names of a span and of those that it belongs to, up to the client's.
fn way<'s>(spans: &'s [Seen], from: &'s Seen) -> anyhow::Result<Vec<&'s str>> {
    let (mut way, mut at) = (vec![from.name.as_str()], from);
    while at.parent != CLIENT {
        let parent = spans.iter().find(|span| span.id == at.parent);
        at = parent.ok_or_else(|| anyhow::anyhow!("{} has a parent that nobody told", at.name))?;
        way.push(&at.name);
    }
    Ok(way)
}

/// The spans of the mutation's trace, each of which leads to the client's.
fn of_the_mutation(collector: &Collector) -> anyhow::Result<Vec<Seen>> {
    let spans: Vec<Seen> = collector.spans()?.into_iter().filter(|span| span.trace == TRACE).collect();
    for span in &spans {
        way(&spans, span)?;
    }
    Ok(spans)
}

/// The names of the spans from what a service does for the saga to the client's.
fn way_of_effect<'s>(spans: &'s [Seen], service: &str) -> anyhow::Result<Vec<&'s str>> {
    let does =
        |span: &&Seen| span.name == "process sagas.StepRequested" && span.says("octavo.service") == service;
    let effect = spans.iter().find(does);
    way(spans, effect.ok_or_else(|| anyhow::anyhow!("{service} does nothing: {spans:#?}"))?)
}

#[tokio::test]
async fn one_trace_leads_from_a_mutation_to_its_last_effect() -> anyhow::Result<()> {
    let (folder, collector) = (TempDir::new()?, Collector::start().await?);
    let library = library(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())]).await?;
    let answer = catalogue(library.address()).await?;
    assert_eq!(answer["data"]["catalogueBook"]["saga"]["phase"], "COMPLETED", "{answer}");
    // What was not told yet is told by a stop.
    assert!(library.interrupt().await?.success());

    let spans = of_the_mutation(&collector)?;
    for service in ["genres", "authors", "books"] {
        assert_eq!(way_of_effect(&spans, service)?[1], format!("send {service}.commands"));
    }
    // The last reply has the whole way behind it.
    let replies = spans.iter().filter(|span| span.name.ends_with(".StepAnswered"));
    let ways = replies.map(|span| way(&spans, span)).collect::<anyhow::Result<Vec<_>>>()?;
    let longest = ways.iter().max_by_key(|way| way.len()).map(Vec::as_slice).unwrap_or_default();
    let steps = longest.iter().filter(|name| **name == "process sagas.StepRequested").count();
    assert_eq!(steps, 3, "{longest:#?}");
    assert_eq!(longest[1], "send sagas.replies");
    let begin = &longest[longest.len() - 3..];
    assert_eq!(begin, ["mutation", "fetch sagas", "mutation Catalogue"], "{longest:#?}");
    let gateway = spans.iter().find(|span| span.name == "mutation Catalogue").map(|span| &span.attributes);
    assert!(gateway.is_some_and(|said| said["graphql.operation.name"] == "Catalogue"));
    for stage in ["graphql.parse", "graphql.plan"] {
        assert!(spans.iter().any(|span| span.name == stage), "{stage}");
    }

    let bytes = String::from_utf8_lossy(&collector.bytes()).into_owned();
    for word in ["Told Nobody", "Unsaid", "Ada Hidden", "Keeps quiet", "not-for-collectors", "9780306406157"]
    {
        assert!(!bytes.contains(word), "{word} was told");
    }
    Ok(())
}

#[tokio::test]
async fn a_collector_that_is_away_fails_nothing_and_is_told_of_once() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    // Nobody listens on port 1.
    let away = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let library = library(&folder, &away).await?;
    let answer = catalogue(library.address()).await?;
    assert_eq!(answer["data"]["catalogueBook"]["saga"]["phase"], "COMPLETED", "{answer}");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let log = library.log()?;
    assert_eq!(log.matches("the collector of traces is away").count(), 1, "{log}");
    assert!(library.interrupt().await?.success());
    Ok(())
}

#[tokio::test]
async fn log_lines_of_a_request_name_its_trace() -> anyhow::Result<()> {
    let (folder, collector) = (TempDir::new()?, Collector::start().await?);
    let endpoint = collector.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OCTAVO_LOG", "error,octavo_server=debug,sqlx::query=debug"),
    ];
    let library = library(&folder, &variables).await?;
    ask(library.address(), "{ nothingOfThisName }").await?;
    let answer = catalogue(library.address()).await?;
    assert_eq!(answer["data"]["catalogueBook"]["saga"]["phase"], "COMPLETED", "{answer}");

    let log = library.log()?;
    let named = |words: &str| {
        let told = format!("\"trace_id\":\"{TRACE}\"");
        log.lines().any(|line| line.contains(words) && line.contains(&told))
    };
    assert!(named("the document does not fit the schema"), "the gateway's: {log}");
    assert!(named("INSERT INTO sagas"), "a service's: {log}");
    assert!(library.interrupt().await?.success());
    Ok(())
}
