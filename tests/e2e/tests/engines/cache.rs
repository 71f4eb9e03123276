//! The gateways' shared cache: it spares requests, and nothing fails when it goes away.

use octavo_e2e::{SUGGESTED, ask};
use octavo_engines::{Engine, Redis};
use serde_json::json;
use tempfile::TempDir;

use crate::stack::{Stack, changed, fill};

const BOOKS: &str = "{ books(first: 3) { edges { node { title averageGrade authors { name } } } } }";

#[tokio::test]
async fn redis_is_shared_by_gateways_and_may_die() -> anyhow::Result<()> {
    let (stack, mut redis, folder) = (Stack::start().await?, Redis::start().await?, TempDir::new()?);
    let mut first = stack.gateway(&folder, &redis.url()).await?;
    fill(first.address()).await?;

    let missed = ask(first.address(), BOOKS, json!({})).await?;
    assert!(missed.cache.starts_with("miss"), "{}", missed.cache);
    let kept = ask(first.address(), BOOKS, json!({})).await?;
    assert!(kept.cache.starts_with("hit"), "{}", kept.cache);
    assert_eq!(missed.data()?, kept.data()?);

    let second = stack.gateway(&folder, &redis.url()).await?;
    let before = stack.requests();
    let shared = ask(second.address(), BOOKS, json!({})).await?;
    assert!(shared.cache.starts_with("hit"), "what one gateway read, the other has: {}", shared.cache);
    assert_eq!(shared.data()?, missed.data()?);
    let asked: usize = stack.requests().iter().sum::<usize>() - before.iter().sum::<usize>();
    assert_eq!(asked, 1, "only the list itself is asked for");

    redis.kill9()?;
    for round in 0..20 {
        for gateway in [&first, &second] {
            let answer = ask(gateway.address(), SUGGESTED, json!({})).await?;
            answer.data()?;
            assert_eq!(answer.body["data"]["books"]["edges"].as_array().map(Vec::len), Some(3), "{round}");
        }
    }
    let rename = "createGenre(name: \"Later\", idempotencyKey: \"later\")";
    changed(first.address(), rename, "genre { name }").await?;
    assert!(first.is_alive()?);
    Ok(())
}
