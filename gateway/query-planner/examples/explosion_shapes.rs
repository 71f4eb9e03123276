//! How long shapes take that planners are known to explode on: `cargo run --release -p octavo-query-planner --example explosion_shapes`.

use std::io::Write;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use octavo_query_planner::{Options, explain, plan};

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
        let options = Options::default();
        for _ in 0..RUNS {
            let start = Instant::now();
            plan(&graph, &operation, &options).expect("a plan");
            best = best.min(start.elapsed());
        }
        let (_, told) = explain(&graph, &operation, &options).expect("a plan");
        let ms = best.as_secs_f64() * 1_000.0;
        let (walk, steps) = (told.walk_steps, told.steps);
        writeln!(out, "{ms:>6.2}  {walk:>9} {steps:>9}  {:>6}  {}", shape.size, shape.name)?;
    }
    Ok(())
}
