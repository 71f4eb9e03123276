//! The cache as the executor sees it, in memory and with a real Redis server that goes away and comes back.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use octavo_cache::{EntityCache, Options, RedisOptions};
use octavo_executor::{CacheEntry, CacheKey, CachePort, CacheScope};
use tokio::time::sleep;

use crate::redis_server::Redis;

fn scope(selection: &'static str) -> CacheScope {
    CacheScope {
        generation: 1,
        subgraph: "books".into(),
        selection: Bytes::from_static(selection.as_bytes()),
        caller: None,
        inside: [].into(),
    }
}

fn key(number: u32) -> CacheKey {
    let representation = format!(r#"{{"__typename":"Book","id":{number}}}"#);
    CacheKey { type_name: "Book".into(), representation: representation.into() }
}

fn keep(cache: &EntityCache, scope: &CacheScope, number: u32, max_age: u32) {
    let entity = Bytes::from(format!(r#"{{"title":"{number}"}}"#));
    cache.put_many(
        Arc::new(scope.clone()),
        vec![CacheEntry { key: key(number), entity }],
        max_age,
        cache.moment(),
    );
}

/// The numbers of those that are found.
async fn found(cache: &EntityCache, scope: &CacheScope, numbers: &[u32]) -> Vec<u32> {
    let keys: Vec<_> = numbers.iter().map(|number| key(*number)).collect();
    let values = cache.get_many(scope, &keys).await.expect("an answer");
    let both = numbers.iter().zip(values);
    both.filter_map(|(number, value)| value.map(|value| (number, value)))
        .map(|(number, value)| {
            assert_eq!(value, format!(r#"{{"title":"{number}"}}"#));
            *number
        })
        .collect()
}

/// Waits until another gateway finds the entity: writes are done by a task of their own.
async fn arrives(redis: &Redis, scope: &CacheScope, number: u32) {
    let start = Instant::now();
    while found(&redis.cache(), scope, &[number]).await.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "{number} never reached redis");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_kept_is_found_under_its_own_scope_alone() {
    let cache = EntityCache::new(&Options::default()).expect("a cache");
    keep(&cache, &scope("{title}"), 1, 60);
    assert_eq!(found(&cache, &scope("{title}"), &[0, 1, 2]).await, [1]);
    let caller = CacheScope { caller: Some(Bytes::from_static(b"ann")), ..scope("{title}") };
    let generation = CacheScope { generation: 2, ..scope("{title}") };
    let subgraph = CacheScope { subgraph: "authors".into(), ..scope("{title}") };
    for other in [scope("{name}"), caller, generation, subgraph] {
        assert!(found(&cache, &other, &[1]).await.is_empty(), "{other:?}");
    }
}

#[tokio::test]
async fn a_lifetime_ends_and_zero_is_none() {
    let cache = EntityCache::new(&Options::default()).expect("a cache");
    let scope = scope("{title}");
    keep(&cache, &scope, 1, 1);
    keep(&cache, &scope, 2, 0);
    assert_eq!(found(&cache, &scope, &[1, 2]).await, [1]);
    sleep(Duration::from_millis(1_100)).await;
    assert!(found(&cache, &scope, &[1]).await.is_empty());
}

#[tokio::test]
async fn gateways_share_entities_through_redis_with_scope_and_lifetime() {
    let redis = Redis::start().await;
    let (one, scope) = (redis.cache(), scope("{title}"));
    keep(&one, &scope, 1, 2);
    keep(&one, &scope, 2, 60);
    arrives(&redis, &scope, 2).await;
    let other = redis.cache();
    assert_eq!(found(&other, &scope, &[1, 2, 3]).await, [1, 2]);
    let caller = CacheScope { caller: Some(Bytes::new()), ..scope.clone() };
    assert!(found(&other, &caller, &[2]).await.is_empty(), "another caller's");
    sleep(Duration::from_millis(2_100)).await;
    assert_eq!(found(&other, &scope, &[1, 2]).await, [2], "the copy in memory ends with the original");
}

#[tokio::test]
async fn a_batch_is_one_round_trip_for_what_memory_does_not_have() {
    let redis = Redis::start().await;
    let (one, scope) = (redis.cache(), scope("{title}"));
    (0..50).for_each(|number| keep(&one, &scope, number, 60));
    arrives(&redis, &scope, 49).await;
    let before = redis.count("mget").await;
    let (other, numbers) = (redis.cache(), (0..60).collect::<Vec<_>>());
    assert_eq!(found(&other, &scope, &numbers).await.len(), 50);
    assert_eq!(redis.count("mget").await - before, 1);
    assert_eq!(found(&other, &scope, &numbers[..50]).await.len(), 50);
    assert_eq!(redis.count("mget").await - before, 1, "memory has them now");
    assert_eq!(redis.count("get").await, 0);
}

#[tokio::test]
async fn redis_killed_fails_no_call_and_costs_little_and_is_used_again_when_back() {
    let mut redis = Redis::start().await;
    let (cache, scope) = (redis.cache(), scope("{title}"));
    keep(&cache, &scope, 1, 60);
    arrives(&redis, &scope, 1).await;

    redis.kill().await;
    let start = Instant::now();
    for number in 100..1_100 {
        keep(&cache, &scope, number, 60);
        assert_eq!(found(&cache, &scope, &[1, number, 7]).await, [1, number]);
    }
    assert!(start.elapsed() < Duration::from_secs(2), "1,000 calls took {:?}", start.elapsed());

    redis.restart().await;
    let start = Instant::now();
    let mut number = 2_000;
    loop {
        keep(&cache, &scope, number, 60);
        sleep(Duration::from_millis(100)).await;
        if !found(&redis.cache(), &scope, &[number]).await.is_empty() {
            break;
        }
        number += 1;
        assert!(start.elapsed() < Duration::from_secs(10), "redis is back and not used");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_costs_one_patience_and_then_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let redis = RedisOptions { timeout: Duration::from_millis(30), ..RedisOptions::at(url) };
    let cache = EntityCache::new(&Options { redis: Some(redis), ..Options::default() }).expect("a cache");
    let start = Instant::now();
    for number in 0..200 {
        assert!(found(&cache, &scope("{title}"), &[number]).await.is_empty());
    }
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_url_that_is_none_of_redis_is_refused() {
    let redis = Some(RedisOptions::at("http://127.0.0.1"));
    assert!(EntityCache::new(&Options { redis, ..Options::default() }).is_err());
}
