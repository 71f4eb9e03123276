//! What the suggested query costs, and how soon it can be asked.

use std::fs;
use std::time::Duration;

use octavo_e2e::{Running, SUGGESTED, ask, finish};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One to each service, and one more for the accounts behind the comments' students.
const MOST_REQUESTS: usize = 6;
/// For five books as for fifty: it is the number of related lists that counts.
const MOST_STATEMENTS: usize = 12;
/// Which books the suggested query asks for.
const FILTERED: &str = "first: 5, filter: { title: { startsWith: \"the \" } }";

#[tokio::test]
async fn it_costs_as_much_for_five_books_as_for_fifty() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = crate::open(&folder).await?;
    let first_start = library.ready_after();
    library.settle().await?;
    // What is asked once and kept afterwards, such as how a statement is prepared, is not part of the figure.
    ask(library.address(), SUGGESTED, json!({})).await?.data()?;

    let mut figures = Vec::new();
    for books in [5, 50] {
        let statements = fewest_statements(&library, books).await?;
        assert!((3..=MOST_STATEMENTS).contains(&statements), "{books} books: {statements} statements");
        figures.push((books, statements));
    }
    library.interrupt().await?;

    let library = crate::open(&folder).await?;
    let again = library.ready_after();
    assert!(again < Duration::from_secs(20), "{again:?}");
    println!("ready after {first_start:?} with the sample to load, {again:?} with data there");
    println!("(books, statements): {figures:?}");
    Ok(())
}

/// What a page of so many books costs: the least of three pages, each of other books, since services send a few statements
/// by themselves whenever they are due.
async fn fewest_statements(library: &Running, books: usize) -> anyhow::Result<usize> {
    let (mut fewest, mut after) = (usize::MAX, Value::Null);
    for _ in 0..3 {
        let page = SUGGESTED.replace(FILTERED, &format!("first: {books}, after: {after}"));
        let before = library.statements()?;
        let answer = ask(library.address(), &page, json!({})).await?;
        let found = &answer.data()?["books"];
        assert_eq!(found["edges"].as_array().map_or(0, Vec::len), books, "{}", answer.text);
        fewest = fewest.min(library.statements()? - before);
        after = found["pageInfo"]["endCursor"].clone();
    }
    Ok(fewest)
}

#[test]
fn its_plan_asks_each_service_once_or_twice() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let operation = folder.path().join("shelf.graphql");
    fs::write(&operation, SUGGESTED)?;
    let operation = operation.to_string_lossy();
    let supergraph = "schema/supergraph.graphql";
    let output = finish(
        "octavo",
        &["plan", "--supergraph", supergraph, "--operation", &operation, "--format", "json"],
    )?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut services = Vec::new();
    fetches(&serde_json::from_slice(&output.stdout)?, &mut services);
    println!("upstream requests of the suggested query: {services:?}");
    assert!(services.len() <= MOST_REQUESTS, "{services:?}");
    services.sort();
    services.dedup();
    assert_eq!(services, octavo_e2e::SERVICES);
    Ok(())
}

/// The service of each node of a plan that asks one.
fn fetches(plan: &Value, services: &mut Vec<String>) {
    match plan {
        Value::Object(node) => {
            services.extend(node.get("serviceName").and_then(Value::as_str).map(str::to_owned));
            node.values().for_each(|inner| fetches(inner, services));
        }
        Value::Array(nodes) => nodes.iter().for_each(|inner| fetches(inner, services)),
        _ => {}
    }
}
