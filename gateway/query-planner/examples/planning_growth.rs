//! How planning grows with operation and supergraph: `cargo run --release -p octavo-query-planner --example planning_growth`.
//!
//! For each size, operations by chance over supergraphs by chance are planned; the same seeds each time. Memory is the
//! highest that the process ever needed until then, supergraphs and operations included.

use std::io::Write;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use octavo_query_planner::{Options, explain, plan};

/// As in the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[path = "../tests/kit/chance.rs"]
mod chance;
#[path = "../tests/kit/random.rs"]
mod random;
#[path = "../tests/kit/schema.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod schema;

const SUBGRAPHS: [usize; 4] = [5, 50, 200, 500];
const FIELDS: [usize; 5] = [10, 50, 100, 500, 2_000];
const SCHEMAS: u64 = 4;
const OPERATIONS: u64 = 50;
/// The shortest of so many runs counts: what else the machine does is not planning.
const RUNS: usize = 5;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:>9} {:>7}  {:>8} {:>8} {:>8}  {:>9} {:>9}  {:>8} {:>8}  {:>8}",
        "subgraphs",
        "fields",
        "p50 ms",
        "p99 ms",
        "max ms",
        "walk",
        "steps",
        "requests",
        "at least",
        "peak MB"
    )?;
    for subgraphs in SUBGRAPHS {
        let landscapes: Vec<_> = (1..=SCHEMAS)
            .map(|seed| {
                let landscape = random::Landscape::new(subgraphs, seed);
                let graph = schema::graph(&landscape.sdl);
                (landscape, graph)
            })
            .collect();
        for fields in FIELDS {
            let mut times = Vec::new();
            let (mut walk, mut steps, mut requests, mut least) = (0, 0, 0, 0);
            for seed in 1..=OPERATIONS {
                for (landscape, graph) in &landscapes {
                    let operation = schema::operation(graph, &landscape.operation(fields, seed));
                    let options = Options::default();
                    let mut best = Duration::MAX;
                    for _ in 0..RUNS {
                        let start = Instant::now();
                        plan(graph, &operation, &options).expect("a plan");
                        best = best.min(start.elapsed());
                    }
                    times.push(best);
                    let (plan, explanation) = explain(graph, &operation, &options).expect("a plan");
                    walk += explanation.walk_steps;
                    steps += explanation.steps;
                    requests += plan.fetches.len();
                    least += explanation.least_requests;
                }
            }
            times.sort_unstable();
            let at = |percent: usize| milliseconds(times[(times.len() - 1) * percent / 100]);
            let mean = |sum: usize| sum / times.len();
            writeln!(
                out,
                "{subgraphs:>9} {fields:>7}  {:>8.3} {:>8.3} {:>8.3}  {:>9} {:>9}  {:>8} {:>8}  {:>8}",
                at(50),
                at(99),
                at(100),
                mean(walk),
                mean(steps),
                mean(requests),
                mean(least),
                peak_memory().map_or("?".to_owned(), |kilobytes| (kilobytes / 1_024).to_string())
            )?;
        }
    }
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The highest resident size of this process, in KB, where the system tells.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
