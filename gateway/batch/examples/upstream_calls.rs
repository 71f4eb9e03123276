//! How many upstream calls client requests cost with and without joining, and what joining does to their latency.
//!
//! `cargo run --release -p octavo-batch --example upstream_calls`: a stand-in that takes 100 ms is asked for 5 of 200 entities
//! (a) by clients that each ask again as soon as they are answered, (b) at times that are drawn from a Poisson process.

#![expect(clippy::print_stdout, reason = "its table is what it is run for")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use octavo_batch::{Joined, Options};
use octavo_executor::{
    EntityCall, EntityCallGroup, Headers, SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse,
};
use octavo_query_plan::OperationKind;

const LATENCY: Duration = Duration::from_millis(100);
const LASTS: Duration = Duration::from_secs(3);
const ENTITIES: u64 = 200;
const ASKED: u64 = 5;

/// Answers every entity with one field, after a while.
#[derive(Default)]
struct StandIn {
    calls: AtomicUsize,
}

impl SubgraphPort for StandIn {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        async move {
            self.calls.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(LATENCY).await;
            let entities: usize = request
                .entities
                .iter()
                .flat_map(|call| &call.groups)
                .map(|group| group.representations.len())
                .sum();
            let list = vec!["{\"name\":\"a name of some length\"}"; entities].join(",");
            let body = format!("{{\"data\":{{\"_entities\":[{list}]}}}}").into();
            Ok(SubgraphResponse { body, ..SubgraphResponse::default() })
        }
        .boxed()
    }
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The time to the next event of a Poisson process.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for a waiting time")]
    fn wait(&mut self, per_second: f64) -> Duration {
        let unit = ((self.next() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-unit.ln() / per_second)
    }

    fn request(&mut self) -> SubgraphRequest {
        let text = |id| Bytes::from(format!("{{\"__typename\":\"Book\",\"id\":{id}}}"));
        let representations = (0..ASKED).map(|_| text(self.next() % ENTITIES)).collect();
        let call = EntityCall {
            head: Bytes::from_static(b"{\"query\":\"...\",\"variables\":{"),
            groups: vec![EntityCallGroup { key: "_entities".into(), variable: "r".into(), representations }],
        };
        SubgraphRequest {
            subgraph: "books".into(),
            kind: OperationKind::Query,
            body: call.body(),
            headers: Headers::default(),
            generation: 1,
            joined: Vec::new(),
            entities: Some(call),
        }
    }
}

fn stand(joining: bool) -> (Arc<StandIn>, Arc<Joined>) {
    let stand_in = Arc::new(StandIn::default());
    let options = Options { entities: joining, ..Options::default() };
    let joined = Joined::new(Arc::<StandIn>::clone(&stand_in), options);
    (stand_in, Arc::new(joined))
}

/// Client requests, upstream calls.
async fn in_turn(clients: u64, joining: bool) -> (usize, usize) {
    let (stand_in, port) = stand(joining);
    let began = Instant::now();
    let clients = (0..clients).map(|client| {
        let port = Arc::clone(&port);
        tokio::spawn(async move {
            let mut numbers = Numbers(client + 1);
            let mut answered = 0;
            while began.elapsed() < LASTS {
                answered += usize::from(port.call(numbers.request()).await.is_ok());
            }
            answered
        })
    });
    let answered = join_all(clients).await.into_iter().filter_map(Result::ok).sum();
    (answered, stand_in.calls.load(Ordering::Relaxed))
}

/// Client requests, upstream calls, and the latencies in order.
async fn by_chance(per_second: f64, joining: bool) -> (usize, usize, Vec<Duration>) {
    let (stand_in, port) = stand(joining);
    let mut numbers = Numbers(7);
    let mut requests = Vec::new();
    let began = tokio::time::Instant::now();
    let mut at = Duration::ZERO;
    while at < LASTS {
        at += numbers.wait(per_second);
        let (port, request, due) = (Arc::clone(&port), numbers.request(), began + at);
        requests.push(tokio::spawn(async move {
            tokio::time::sleep_until(due).await;
            // An answer that fails counts too: none does here.
            let _ = port.call(request).await;
            due.elapsed()
        }));
    }
    let mut took: Vec<Duration> = join_all(requests).await.into_iter().filter_map(Result::ok).collect();
    took.sort_unstable();
    (took.len(), stand_in.calls.load(Ordering::Relaxed), took)
}

fn per_request(requests: usize, calls: usize) -> String {
    let thousandths = calls * 1_000 / requests.max(1);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

#[tokio::main]
async fn main() {
    println!("upstream calls for each client request, clients that ask again at once");
    println!("{:>8} {:>10} {:>10}", "clients", "apart", "joined");
    for clients in [1, 10, 50, 200] {
        let (apart, joined) = (in_turn(clients, false).await, in_turn(clients, true).await);
        println!(
            "{clients:>8} {:>10} {:>10}",
            per_request(apart.0, apart.1),
            per_request(joined.0, joined.1)
        );
    }
    println!("\nrequests that come by chance (Poisson): calls for each, median and 99th percentile in ms");
    println!("{:>10} {:>8} {:>8} {:>8} {:>8}", "a second", "joining", "calls", "p50", "p99");
    for per_second in [20.0, 200.0, 2_000.0] {
        for joining in [false, true] {
            let (requests, calls, took) = by_chance(per_second, joining).await;
            let at =
                |part: usize| took.get(took.len() * part / 100).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
            let calls = per_request(requests, calls);
            println!("{per_second:>10} {joining:>8} {calls:>8} {:>8.1} {:>8.1}", at(50), at(99));
        }
    }
}
