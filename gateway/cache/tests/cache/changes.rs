//! A cache that hears of changes: nothing is given out that is older than what it has heard, in memory and on a real Redis.

use std::sync::Arc;

use bytes::Bytes;
use octavo_cache::{EntityCache, Options, RedisOptions, Touch};
use octavo_executor::{CacheEntry, CacheKey, CacheMoment, CachePort, CacheScope};

use crate::redis_server::{Redis, eventually};

pub(crate) fn scope(inside: &[&str]) -> CacheScope {
    CacheScope {
        generation: 1,
        subgraph: "books".into(),
        selection: Bytes::from(inside.join(" ")),
        caller: None,
        inside: inside.iter().map(|name| Arc::from(*name)).collect(),
    }
}

fn key(number: u32) -> CacheKey {
    let representation = format!(r#"{{"__typename":"Book","id":"{number}","pages":3}}"#);
    CacheKey { type_name: "Book".into(), representation: representation.into() }
}

fn touch(type_name: &str, keys: &str, subgraph: &str) -> Touch {
    let touch = format!(r#"{{"type":"{type_name}","keys":{keys},"subgraph":"{subgraph}"}}"#);
    serde_json::from_str(&touch).expect("a touch")
}

pub(crate) async fn cache(redis: Option<&Redis>) -> EntityCache {
    let redis = redis.map(|redis| RedisOptions::at(redis.url()));
    let cache = EntityCache::new(&Options { redis, hears: true, ..Options::default() }).expect("a cache");
    cache.begin().await;
    cache
}

pub(crate) fn keep(cache: &EntityCache, scope: &CacheScope, number: u32, since: CacheMoment) {
    let entity = Bytes::from(format!(r#"{{"title":"{number}"}}"#));
    cache.put_many(Arc::new(scope.clone()), vec![CacheEntry { key: key(number), entity }], 600, since);
}

pub(crate) async fn has(cache: &EntityCache, scope: &CacheScope, number: u32) -> bool {
    cache.get_many(scope, &[key(number)]).await.expect("an answer")[0].is_some()
}

/// Keeps an entity, and waits until another gateway finds it.
async fn share(one: &EntityCache, other: &EntityCache, number: u32) {
    keep(one, &scope(&[]), number, one.moment());
    eventually("it is shared", async || has(other, &scope(&[]), number).await).await;
}

#[tokio::test]
async fn a_change_drops_what_it_touches_and_nothing_else() {
    let cache = cache(None).await;
    let (plain, with_authors) = (scope(&[]), scope(&["Author"]));
    let other = CacheScope { subgraph: "students".into(), ..scope(&[]) };
    for (touched, left) in [
        (touch("Book", r#"[{"id":1},{"id":"old"}]"#, "books"), [false, true, false, true]),
        (touch("Book", r#"[{"id":"3"}]"#, "books"), [true, true, true, true]),
        (touch("Book", "[]", "books"), [false, false, false, true]),
        (touch("Author", r#"[{"id":"1"}]"#, "books"), [true, true, false, true]),
        (touch("Book", r#"[{"id":"1"}]"#, "students"), [true, true, true, false]),
    ] {
        let entries = [(&plain, 1), (&plain, 2), (&with_authors, 1), (&other, 1)];
        for (scope, number) in entries {
            keep(&cache, scope, number, cache.moment());
        }
        cache.forget("", std::slice::from_ref(&touched)).await;
        for ((scope, number), left) in entries.into_iter().zip(left) {
            assert_eq!(has(&cache, scope, number).await, left, "{touched:?}: {scope:?} {number}");
        }
    }
}

#[tokio::test]
async fn what_was_fetched_before_a_change_is_not_kept_after_it() {
    let redis = Redis::start().await;
    for redis in [None, Some(&redis)] {
        let (cache, other) = (cache(redis).await, cache(redis).await);
        // The second gateway's beginning made the first one's view of Redis old.
        let slow = cache.moment();
        let change = [touch("Book", r#"[{"id":"1"}]"#, "books")];
        cache.forget("e1", &change).await;
        keep(&cache, &scope(&[]), 1, slow);
        keep(&cache, &scope(&[]), 2, cache.moment());
        assert!(!has(&cache, &scope(&[]), 1).await);
        assert!(has(&cache, &scope(&[]), 2).await);
        if redis.is_some() {
            eventually("2 is shared", async || has(&other, &scope(&[]), 2).await).await;
        }
        assert!(!has(&other, &scope(&[]), 1).await, "the other gateway takes nothing old from Redis");
    }
}

#[tokio::test]
async fn each_of_two_gateways_drops_what_the_other_shared() {
    let redis = Redis::start().await;
    let (one, other) = (cache(Some(&redis)).await, cache(Some(&redis)).await);
    one.forget("warm", &[touch("Genre", "[]", "genres")]).await;
    share(&one, &other, 1).await;
    let change = [touch("Book", r#"[{"id":"1"}]"#, "books")];
    one.forget("e1", &change).await;
    assert!(!has(&one, &scope(&[]), 1).await, "neither memory nor Redis gives it out");
    other.forget("e1", &change).await;
    assert!(!has(&other, &scope(&[]), 1).await);
    share(&one, &other, 1).await;
    // Once more, out of order: one of them has it from before, and forgets it for nothing; that does no harm.
    other.forget("e1", &change).await;
    assert!(has(&one, &scope(&[]), 1).await && !has(&cache(None).await, &scope(&[]), 1).await);
}

#[tokio::test]
async fn redis_that_missed_a_change_gives_nothing_old_when_it_is_back() {
    let redis = Redis::start().await;
    let (one, other) = (cache(Some(&redis)).await, cache(Some(&redis)).await);
    one.forget("warm", &[touch("Genre", "[]", "genres")]).await;
    share(&one, &other, 1).await;
    redis.signal("-STOP");
    one.forget("e1", &[touch("Book", r#"[{"id":"1"}]"#, "books")]).await;
    assert!(!has(&one, &scope(&[]), 1).await);
    redis.signal("-CONT");
    assert!(!has(&one, &scope(&[]), 1).await, "it owes, and is not read");
    eventually("it is mended, and used again", async || {
        one.mend().await;
        other.forget("warm", &[touch("Genre", "[]", "genres")]).await;
        keep(&one, &scope(&[]), 3, one.moment());
        has(&other, &scope(&[]), 3).await
    })
    .await;
    assert!(!has(&one, &scope(&[]), 1).await);
}

#[tokio::test]
async fn marks_that_are_lost_with_the_server_are_noticed() {
    let redis = Redis::start().await;
    let (one, other) = (cache(Some(&redis)).await, cache(Some(&redis)).await);
    one.forget("warm", &[touch("Genre", "[]", "genres")]).await;
    keep(&one, &scope(&[]), 1, one.moment());
    share(&one, &other, 2).await;
    redis.forget_marks().await;
    assert!(!has(&other, &scope(&[]), 1).await, "Redis has it, and nobody knows how old it is");
    other.mend().await;
    assert!(!has(&other, &scope(&[]), 1).await);
    assert!(has(&one, &scope(&[]), 1).await, "the memory is good by itself");
}

#[tokio::test]
async fn nothing_is_given_out_while_nobody_hears_of_changes() {
    let cache = cache(None).await;
    keep(&cache, &scope(&[]), 1, cache.moment());
    assert!(has(&cache, &scope(&[]), 1).await);
    cache.suspend();
    keep(&cache, &scope(&[]), 2, cache.moment());
    assert!(!has(&cache, &scope(&[]), 1).await);
    cache.begin().await;
    assert!(!has(&cache, &scope(&[]), 1).await && !has(&cache, &scope(&[]), 2).await);
    keep(&cache, &scope(&[]), 1, cache.moment());
    assert!(has(&cache, &scope(&[]), 1).await);
}
