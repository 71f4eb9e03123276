//! What the suggested query costs: requests to services, and statements to databases.

use octavo_e2e::{SERVICES, SUGGESTED, ask};
use octavo_engines::Redis;
use serde_json::json;
use tempfile::TempDir;

use crate::stack::{Stack, fill};

const MOST_REQUESTS: usize = 6;
const MOST_STATEMENTS: usize = 12;

#[tokio::test]
async fn five_services_answer_with_few_requests_and_statements() -> anyhow::Result<()> {
    let (stack, redis, folder) = (Stack::start().await?, Redis::start().await?, TempDir::new()?);
    let filling = stack.gateway(&folder, &redis.url()).await?;
    fill(filling.address()).await?;
    // Another gateway on another Redis knows nothing yet.
    let empty = Redis::start().await?;
    let gateway = stack.gateway(&folder, &empty.url()).await?;

    let (requests, statements) = (stack.requests(), stack.statements()?);
    let answer = ask(gateway.address(), SUGGESTED, json!({})).await?;
    let requests: Vec<usize> = stack.requests().iter().zip(requests).map(|(now, then)| now - then).collect();
    let statements: Vec<usize> =
        stack.statements()?.iter().zip(statements).map(|(now, then)| now - then).collect();

    let books = answer.data()?["books"]["edges"].as_array().cloned().unwrap_or_default();
    assert_eq!(books.len(), 3, "{}", answer.text);
    for book in books.iter().map(|edge| &edge["node"]) {
        let comment = &book["comments"]["edges"][0]["node"];
        assert_eq!(book["genre"]["name"], "Fantasy");
        assert_eq!(book["authors"][0]["bio"], "Writes.");
        assert_eq!(book["averageGrade"], 8.0);
        assert_eq!(comment["student"]["user"]["username"], "ada");
    }
    println!("{SERVICES:?}: requests {requests:?}, statements {statements:?}");
    assert!(requests.iter().all(|count| *count >= 1), "every service is asked: {requests:?}");
    assert!(statements.iter().all(|count| *count >= 1), "every database is asked: {statements:?}");
    assert!(requests.iter().sum::<usize>() <= MOST_REQUESTS, "{requests:?}");
    assert!(statements.iter().sum::<usize>() <= MOST_STATEMENTS, "{statements:?}");
    for member in &stack.members {
        println!("{} was ready after {:?}", member.name, member.process.ready_after());
    }
    println!("the gateway was ready after {:?}", gateway.ready_after());
    Ok(())
}
