//! Entities kept across requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use octavo_executor::{
    CacheEntry, CacheError, CacheHint, CacheKey, CacheMoment, CachePort, CacheScope, ExecutionRequest,
    Options, Prepared, SubgraphResponse,
};
use octavo_query_plan::{Lifetime, OperationKind};
use serde_json::json;

use crate::kit::{Plan, Subgraphs, int, json, list, object, request, run_with, string};

const A_MINUTE: Lifetime = Lifetime { shortest: Some(60), ..Lifetime::EMPTY };

/// A cache that keeps everything, and counts.
#[derive(Default)]
struct Memory {
    entries: Mutex<HashMap<(CacheScope, CacheKey), (Bytes, u32)>>,
    lookups: Mutex<usize>,
    away: bool,
}

impl CachePort for Memory {
    fn get_many<'a>(
        &'a self,
        scope: &'a CacheScope,
        keys: &'a [CacheKey],
    ) -> BoxFuture<'a, Result<Vec<Option<Bytes>>, CacheError>> {
        *self.lookups.lock().unwrap() += 1;
        let entries = self.entries.lock().unwrap();
        let get = |key: &CacheKey| entries.get(&(scope.clone(), key.clone())).map(|(text, _)| text.clone());
        let found = keys.iter().map(get).collect();
        Box::pin(futures::future::ready(if self.away { Err(CacheError) } else { Ok(found) }))
    }

    fn moment(&self) -> CacheMoment {
        CacheMoment::default()
    }

    fn put_many(&self, scope: Arc<CacheScope>, entries: Vec<CacheEntry>, max_age: u32, _: CacheMoment) {
        let mut kept = self.entries.lock().unwrap();
        for CacheEntry { key, entity } in entries {
            kept.insert(((*scope).clone(), key), (entity, max_age));
        }
    }
}

/// `{ products { upc price } }`, the price from a subgraph whose entities may be kept.
fn plan(lifetime: Lifetime) -> Plan {
    let mut plan = Plan::new();
    let product = plan.shape(&["Product"], &[("upc", string()), ("price", int())]);
    let root = plan.shape(&["Query"], &[("products", list(object(product)))]);
    let upc = plan.select(product, &[("upc", None)]);
    let price = plan.select(product, &[("price", None)]);
    let root = plan.select(root, &[("products", Some(upc))]);
    plan.then_root("a", root);
    let mut group = plan.group(&["products"], &["upc"], price);
    group.lifetime = lifetime;
    let fetch = plan.then_entities("b", vec![group]);
    plan.0.fetches[fetch].variables = vec!["currency".into()];
    plan
}

fn prepared() -> Prepared {
    plan(A_MINUTE).prepare()
}

fn products(upcs: &str) -> String {
    let products: Vec<String> = upcs.chars().map(|upc| format!("{{\"upc\":\"{upc}\"}}")).collect();
    format!("{{\"data\":{{\"products\":[{}]}}}}", products.join(","))
}

fn prices(prices: &[i32]) -> String {
    let prices: Vec<String> = prices.iter().map(|price| format!("{{\"price\":{price}}}")).collect();
    format!("{{\"data\":{{\"_entities\":[{}]}}}}", prices.join(","))
}

/// Warms the cache with the products 1 and 2.
fn warm(prepared: &Prepared, cache: &Memory, request: ExecutionRequest) {
    let subgraphs = Subgraphs::new(&[("a", &products("12")), ("b", &prices(&[10, 20]))]);
    let report = run_with(prepared, &subgraphs, Some(cache), request);
    assert_eq!((report.fetches, report.errors), (2, 0));
}

#[test]
fn hits_are_not_asked_for_and_join_the_misses_again() {
    let (prepared, cache) = (prepared(), Memory::default());
    warm(&prepared, &cache, request(&[]));
    let subgraphs = Subgraphs::new(&[("a", &products("23132")), ("b", &prices(&[30]))]);
    let report = run_with(&prepared, &subgraphs, Some(&cache), request(&[]));
    assert_eq!((report.cache_hits, report.cache_misses, report.fetches), (2, 1, 2));
    assert_eq!(
        subgraphs.sent(1)["variables"]["representations"],
        json!([{"__typename": "Product", "upc": "3"}])
    );
    let expected: Vec<_> = [("2", 20), ("3", 30), ("1", 10), ("3", 30), ("2", 20)]
        .map(|(u, p)| json!({"upc": u, "price": p}))
        .into();
    assert_eq!(json(&report)["data"]["products"], json!(expected));
    assert_eq!(*cache.lookups.lock().unwrap(), 2, "one lookup a request");
}

#[test]
fn a_fetch_whose_entities_are_all_kept_is_not_sent() {
    let (prepared, cache) = (prepared(), Memory::default());
    warm(&prepared, &cache, request(&[]));
    let subgraphs = Subgraphs::new(&[("a", &products("21"))]);
    let report = run_with(&prepared, &subgraphs, Some(&cache), request(&[]));
    assert_eq!((report.cache_hits, report.cache_misses, report.fetches, report.errors), (2, 0, 1, 0));
}

#[test]
fn other_variables_generations_and_callers_do_not_meet() {
    let prepared = plan(Lifetime { is_private: true, ..A_MINUTE }).prepare();
    let cache = Memory::default();
    let as_caller = |caller: &'static str, currency, generation| ExecutionRequest {
        caller: Some(Bytes::from_static(caller.as_bytes())),
        generation,
        ..request(&[("currency", currency)])
    };
    warm(&prepared, &cache, as_caller("me", "\"EUR\"", 1));
    let hits = |request| {
        let subgraphs = Subgraphs::new(&[("a", &products("1")), ("b", &prices(&[0]))]);
        run_with(&prepared, &subgraphs, Some(&cache), request).cache_hits
    };
    assert_eq!(hits(as_caller("me", "\"EUR\"", 1)), 1);
    assert_eq!(hits(as_caller("you", "\"EUR\"", 1)), 0);
    assert_eq!(hits(as_caller("me", "\"USD\"", 1)), 0);
    assert_eq!(hits(as_caller("me", "\"EUR\"", 2)), 0);
    assert_eq!(hits(request(&[("currency", "\"EUR\"")])), 0, "without a caller nothing private is kept");
}

#[test]
fn what_the_schema_says_nothing_about_stays_with_its_caller() {
    let options = Options { entity_max_age: Some(60), ..Options::default() };
    let prepared = plan(Lifetime::UNSAID).prepare_with(options);
    let cache = Memory::default();
    let as_caller = |caller: &'static str| ExecutionRequest {
        caller: Some(Bytes::from_static(caller.as_bytes())),
        ..request(&[])
    };
    warm(&prepared, &cache, as_caller("me"));
    let hits = |request| {
        let subgraphs = Subgraphs::new(&[("a", &products("1")), ("b", &prices(&[0]))]);
        run_with(&prepared, &subgraphs, Some(&cache), request).cache_hits
    };
    assert_eq!(hits(as_caller("me")), 1);
    assert_eq!(hits(as_caller("you")), 0);
    assert_eq!(hits(request(&[])), 0);
}

#[test]
fn entities_with_errors_are_not_kept() {
    let answers = [
        (
            r#"{"data":{"_entities":[{"price":1},{"price":null}]},"errors":[{"message":"m","path":["_entities",1,"price"]}]}"#,
            1,
        ),
        (r#"{"data":{"_entities":[{"price":1},{"price":2}]},"errors":[{"message":"m"}]}"#, 0),
        (r#"{"data":{"_entities":[{"price":1},null]}}"#, 1),
        (r#"{"data":{"_entities":[{"price":1}]}}"#, 0),
    ];
    for (answer, kept) in answers {
        let cache = Memory::default();
        let subgraphs = Subgraphs::new(&[("a", &products("12")), ("b", answer)]);
        run_with(&prepared(), &subgraphs, Some(&cache), request(&[]));
        assert_eq!(cache.entries.lock().unwrap().len(), kept, "{answer}");
    }
}

#[test]
fn the_shortest_lifetime_counts() {
    let kept = |hint| {
        let cache = Memory::default();
        let mut subgraphs = Subgraphs::new(&[("a", &products("1"))]);
        subgraphs.respond("b", Ok(SubgraphResponse { body: prices(&[1]).into(), cache: hint }));
        run_with(&prepared(), &subgraphs, Some(&cache), request(&[]));
        let lifetimes: Vec<u32> = cache.entries.lock().unwrap().values().map(|(_, age)| *age).collect();
        lifetimes
    };
    let hint = CacheHint::default();
    assert_eq!(kept(hint), [60]);
    assert_eq!(kept(CacheHint { max_age: Some(5), ..hint }), [5]);
    assert_eq!(kept(CacheHint { max_age: Some(600), ..hint }), [60]);
    assert_eq!(kept(CacheHint { max_age: Some(0), ..hint }), [0; 0]);
    assert_eq!(kept(CacheHint { no_store: true, ..hint }), [0; 0]);
    assert_eq!(kept(CacheHint { private: true, ..hint }), [0; 0]);
}

#[test]
fn without_a_lifetime_nothing_is_kept() {
    let cache = Memory::default();
    let unsaid = plan(Lifetime::UNSAID);
    let subgraphs = Subgraphs::new(&[("a", &products("1")), ("b", &prices(&[1]))]);
    let report = run_with(&unsaid.prepare(), &subgraphs, Some(&cache), request(&[]));
    assert_eq!((report.cache_hits, report.cache_misses), (0, 0));
    assert_eq!(cache.entries.lock().unwrap().len(), 0);
    let options = Options { entity_max_age: Some(9), ..Options::default() };
    let never = Lifetime { shortest: Some(0), ..Lifetime::EMPTY };
    for (lifetime, kept) in [(never, 0), (never.and(Lifetime::UNSAID), 0), (Lifetime::UNSAID, 1)] {
        let prepared = plan(lifetime).prepare_with(options);
        run_with(&prepared, &subgraphs, Some(&cache), request(&[]));
        assert_eq!(cache.entries.lock().unwrap().len(), kept, "{lifetime:?}");
    }
}

#[test]
fn a_cache_that_is_away_or_broken_fails_no_request() {
    let away = Memory { away: true, ..Memory::default() };
    let prepared = prepared();
    warm(&prepared, &away, request(&[]));
    let broken = Memory::default();
    warm(&prepared, &broken, request(&[]));
    for (text, _) in broken.entries.lock().unwrap().values_mut() {
        *text = Bytes::from_static(b"{\"price\":");
    }
    for cache in [away, broken] {
        let subgraphs = Subgraphs::new(&[("a", &products("12")), ("b", &prices(&[10, 20]))]);
        let report = run_with(&prepared, &subgraphs, Some(&cache), request(&[]));
        assert_eq!((report.errors, report.cache_hits, report.cache_misses), (0, 0, 2));
        assert_eq!(json(&report)["data"]["products"][1], json!({"upc": "2", "price": 20}));
    }
}

#[test]
fn a_mutation_sees_its_own_effects() {
    let cache = Memory::default();
    warm(&prepared(), &cache, request(&[]));
    let mut mutation = plan(A_MINUTE);
    mutation.0.kind = OperationKind::Mutation;
    let subgraphs = Subgraphs::new(&[("a", &products("1")), ("b", &prices(&[11]))]);
    let report = run_with(&mutation.prepare(), &subgraphs, Some(&cache), request(&[]));
    assert_eq!(json(&report)["data"]["products"][0]["price"], 11);
    assert_eq!(report.cache_hits, 0);
    let subgraphs = Subgraphs::new(&[("a", &products("1"))]);
    let report = run_with(&prepared(), &subgraphs, Some(&cache), request(&[]));
    assert_eq!(json(&report)["data"]["products"][0]["price"], 11, "what it saw is kept");
}
