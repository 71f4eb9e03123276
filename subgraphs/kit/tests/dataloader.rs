//! Which data loader: the two candidates do the same work, and what they cost is printed.
//!
//! `cargo test -p lms-kit --test dataloader -- --nocapture` prints the table of
//! `docs/decisions/0001-dataloader.md`.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_graphql::dataloader::{DataLoader, Loader};
use dataloader::BatchFn;
use futures::future::join_all;
use lms_kit::graphql::{batching, gather};

/// A store that answers in 2 ms, counts its queries, and is away when asked for `AWAY`.
#[derive(Clone, Default)]
struct Store {
    queries: Arc<AtomicUsize>,
}

const AWAY: u32 = u32::MAX;

impl Store {
    async fn query(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, &'static str> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(2)).await;
        if keys.contains(&AWAY) {
            Err("the store is away")
        } else {
            Ok(keys.iter().map(|&key| (key, key)).collect())
        }
    }

    fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }
}

impl Loader<u32> for Store {
    type Value = u32;
    type Error = &'static str;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, &'static str> {
        self.query(keys).await
    }
}

impl BatchFn<u32, u32> for Store {
    async fn load(&mut self, keys: &[u32]) -> HashMap<u32, u32> {
        // The trait has no place for an error: all that a store can do is to answer nothing.
        self.query(keys).await.unwrap_or_default()
    }
}

/// What a round of lists cost.
struct Cost {
    queries: usize,
    median: Duration,
}

/// `lists` lists of `length` keys at once, ten times; each list is one task, as a request is.
async fn measure<F>(lists: usize, length: u32, store: &Store, list: impl Fn(Vec<u32>) -> F) -> Cost
where
    F: Future<Output = ()> + Send + 'static,
{
    const ROUNDS: usize = 10;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let tasks = (0..lists).map(|at| {
            let first = u32::try_from(at).unwrap() * length;
            let list = list((first..first + length).collect());
            tokio::spawn(async move {
                let start = Instant::now();
                list.await;
                start.elapsed()
            })
        });
        times.extend(join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap));
    }
    times.sort();
    Cost { queries: store.queries() / ROUNDS, median: times[times.len() / 2] }
}

async fn of_async_graphql(lists: usize, length: u32, delay: Option<Duration>) -> Cost {
    let store = Store::default();
    let loader = match delay {
        None => Arc::new(batching::<u32, _>(store.clone())),
        Some(delay) => Arc::new(DataLoader::new(store.clone(), tokio::spawn).delay(delay)),
    };
    measure(lists, length, &store, |keys| {
        let loader = Arc::clone(&loader);
        async move {
            let loads = keys.into_iter().map(|key| loader.load_one(key));
            assert!(gather(join_all(loads)).await.into_iter().all(|loaded| loaded.unwrap().is_some()));
        }
    })
    .await
}

async fn of_dataloader(lists: usize, length: u32) -> Cost {
    let store = Store::default();
    // One loader a request: it keeps what it has loaded, and a later request must see what is stored then.
    measure(lists, length, &store, |keys| {
        let loader = dataloader::cached::Loader::new(store.clone()).with_max_batch_size(1000);
        async move {
            let loads = keys.into_iter().map(|key| loader.try_load(key));
            assert!(join_all(loads).await.into_iter().all(|loaded| loaded.is_ok()));
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chosen_loader_asks_once_for_a_list() {
    println!("lists x keys | loader                     | queries | median time");
    for (lists, length) in [(1, 1), (1, 100), (1, 900), (20, 100)] {
        let chosen = of_async_graphql(lists, length, None).await;
        let patient = of_async_graphql(lists, length, Some(Duration::from_millis(1))).await;
        let other = of_dataloader(lists, length).await;
        for (name, cost) in [
            ("async-graphql, gathered", &chosen),
            ("async-graphql, delay 1 ms", &patient),
            ("dataloader 0.18, cached", &other),
        ] {
            println!("{lists:>5} x {length:<4} | {name:<26} | {:>7} | {:?}", cost.queries, cost.median);
        }
        assert!(chosen.queries <= lists, "{} queries for {lists} lists", chosen.queries);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_loaders_in_one_list_ask_once_each() {
    for _ in 0..20 {
        let stores = [Store::default(), Store::default()];
        let loaders: Vec<_> = stores.iter().map(|store| batching::<u32, _>(store.clone())).collect();
        let list = tokio::spawn(async move {
            let loads = (0..900_u32).map(|key| loaders[key as usize % 2].load_one(key));
            gather(join_all(loads)).await.into_iter().all(|loaded| loaded.unwrap().is_some())
        });
        assert!(list.await.unwrap());
        assert_eq!(stores.map(|store| store.queries()), [1, 1]);
    }
}

#[tokio::test]
async fn a_failure_reaches_each_who_waits() {
    let loader = batching::<u32, _>(Store::default());
    let answers = join_all([1, AWAY].map(|key| loader.load_one(key))).await;
    assert_eq!(answers, [Err("the store is away"), Err("the store is away")]);

    let other = dataloader::cached::Loader::new(Store::default());
    let lost = join_all([1, AWAY].map(|key| other.try_load(key))).await;
    let kinds: Vec<_> = lost.into_iter().map(|loaded| loaded.unwrap_err().kind()).collect();
    assert_eq!(kinds, [std::io::ErrorKind::NotFound; 2], "the other crate cannot tell away from missing");
}
