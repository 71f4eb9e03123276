//! Someone opens the printed page and runs the query that stands there.

use std::path::Path;

use octavo_browser::{Browser, Library};
use serde_json::Value;

const EDITOR: &str = ".graphiql-query-editor";
const RUN: &str = ".graphiql-execute-button";
const ANSWER: &str = ".graphiql-response .view-lines";

#[tokio::test]
async fn the_suggested_query_is_answered_by_five_services() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let library = Library::start(data.path()).await?;
    // High enough to show the whole answer for the first book.
    let browser = Browser::start(1600, 2400).await?;
    let seen = run_suggested_query(&browser, &library).await;
    let errors = browser.errors().await;
    browser.quit().await?;

    let (answer, requested) = seen?;
    assert_eq!(errors?, Vec::<String>::new());
    for (service, field) in [
        ("books", "\"title\""),
        ("genres", "\"genre\""),
        ("authors", "\"authors\""),
        ("students", "\"averageGrade\""),
        ("users", "\"username\""),
    ] {
        assert!(answer.contains(field), "{service} did not answer {field}:\n{answer}");
    }
    assert!(!answer.contains("\"errors\""), "{answer}");

    let addresses = requested.as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(!addresses.is_empty(), "the page asks for its parts");
    let foreign: Vec<_> =
        addresses.iter().filter_map(Value::as_str).filter(|url| !own(url, &library)).collect();
    assert!(foreign.is_empty(), "the page works without a network, and yet asks for {foreign:?}");
    Ok(())
}

/// A list in two parts and averages that come later, in the page's own address.
const IN_PARTS: &str = "/?query=query+Parts+%7B+books(first:3)+%7B+edges+@stream(initialCount:1)+%7B\
    +node+%7B+isbn+...+@defer+%7B+averageGrade+%7D+%7D+%7D+%7D+%7D";

#[tokio::test]
async fn a_response_in_parts_is_put_together() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let library = Library::start(data.path()).await?;
    let browser = Browser::start(1600, 1600).await?;
    let answer = run_in_parts(&browser, &library).await;
    let errors = browser.errors().await;
    browser.quit().await?;

    let answer = answer?;
    assert_eq!(errors?, Vec::<String>::new());
    assert_eq!(answer.matches("\"isbn\"").count(), 3, "{answer}");
    assert_eq!(answer.matches("\"averageGrade\"").count(), 3, "{answer}");
    Ok(())
}

async fn run_in_parts(browser: &Browser, library: &Library) -> anyhow::Result<String> {
    browser.open(&library.url(IN_PARTS)).await?;
    browser.text_with(EDITOR, "query Parts").await?;
    browser.click(RUN).await?;
    let answer = browser.text_with(ANSWER, "\"averageGrade\"").await;
    browser.picture(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("parts.png")).await?;
    answer
}

fn own(url: &str, library: &Library) -> bool {
    url.starts_with(&library.url("/")) || url.starts_with("data:") || url.starts_with("blob:")
}

/// The answer as the page shows it, and every address that the page asked for.
async fn run_suggested_query(browser: &Browser, library: &Library) -> anyhow::Result<(String, Value)> {
    browser.open(&library.url("/")).await?;
    browser.text_with(EDITOR, "query Shelf").await?;
    browser.click(RUN).await?;
    let answer = browser.text_with(ANSWER, "\"username\"").await;
    browser.picture(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("playground.png")).await?;
    let requested =
        browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)").await?;
    Ok((answer?, requested))
}
