//! How long shapes take that planners are known to explode on: `cargo run --release -p octavo-query-planner --example explosion_shapes`.

use std::io::Write;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use octavo_query_planner::{Options, explain};

/// As in the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[path = "../tests/kit/schema.rs"]
mod schema;
#[path = "../tests/kit/shapes.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod shapes;

const RUNS: u32 = 5;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>6}  {:>9} {:>9}  {:>6}  shape", "ms", "walk", "steps", "size")?;
    for shape in shapes::SHAPES {
        let (sdl, query) = (shape.make)(shape.size);
        let graph = schema::graph(&sdl);
        let operation = schema::operation(&graph, &query);
        let mut best = Duration::MAX;
        let mut steps = (0, 0);
        for _ in 0..RUNS {
            let start = Instant::now();
            let (_, explanation) = explain(&graph, &operation, &Options::default()).expect("a plan");
            best = best.min(start.elapsed());
            steps = (explanation.walk_steps, explanation.steps);
        }
        let ms = best.as_secs_f64() * 1_000.0;
        writeln!(out, "{ms:>6.2}  {:>9} {:>9}  {:>6}  {}", steps.0, steps.1, shape.size, shape.name)?;
    }
    Ok(())
}
