//! How many steps planning takes: about as many as the operation has fields, on shapes that planners have been seen to explode on.
//!
//! Steps are counted, so that the same inputs take the same number on every machine; `examples/explosion_shapes.rs` prints the time.

use octavo_query_plan::print;
use octavo_query_planner::{Explanation, Options, PlanError, explain, plan};

#[path = "kit/schema.rs"]
mod schema;
#[path = "kit/shapes.rs"]
mod shapes;

/// What one walk may take: on the machine that this was measured on, a step is about 30 ns, so that this is 12 ms.
const MOST_STEPS: usize = 400_000;

fn explained(shape: &shapes::Shape, size: usize, steps: usize) -> (String, Explanation) {
    let (sdl, query) = (shape.make)(size);
    let graph = schema::graph(&sdl);
    let operation = schema::operation(&graph, &query);
    let options = Options { steps, ..Options::default() };
    let (plan, explanation) = explain(&graph, &operation, &options).expect("a plan");
    (print::to_json(&plan), explanation)
}

#[test]
fn the_walk_grows_with_the_operation() {
    for shape in shapes::SHAPES {
        let (half, whole) = (shape.size / 2, shape.size);
        let [half, whole] = [half, whole].map(|size| explained(shape, size, 0).1.walk_steps);
        // Where sources grow with the size, each of twice as many fields looks at twice as many.
        let most = half * if shape.widens { 5 } else { 3 };
        assert!(whole <= most, "{}: {half} steps at half its size, {whole} at its size", shape.name);
        assert!(whole <= MOST_STEPS, "{}: {whole} steps", shape.name);
    }
}

#[test]
fn nothing_is_tried_without_steps_left() {
    for shape in shapes::SHAPES {
        let (_, none) = explained(shape, shape.size, 0);
        assert_eq!(none.steps, none.walk_steps, "{}", shape.name);
    }
}

#[test]
fn tries_end_when_the_steps_are_spent() {
    let mut tried = 0;
    for shape in shapes::SHAPES {
        let size = shape.size / 4;
        let walk = explained(shape, size, 0).1.walk_steps;
        let (_, all) = explained(shape, size, 30 * walk);
        for budget in [2 * walk, 8 * walk] {
            let (_, some) = explained(shape, size, budget);
            // A try looks at the steps before each field, and one field takes no more than the whole walk.
            assert!(some.steps <= budget + all.walk_steps, "{}: {some:?} of {budget}", shape.name);
            tried += usize::from(some.steps < all.steps);
        }
    }
    assert!(tried > 10, "only {tried} budgets were too small to try everything");
}

#[test]
fn equal_steps_give_equal_plans() {
    for shape in shapes::SHAPES {
        let budget = 3_000;
        assert_eq!(explained(shape, shape.size / 4, budget), explained(shape, shape.size / 4, budget));
    }
}

/// As much stack as the gateway gives its threads.
const STACK: usize = 8 * 1024 * 1024;

#[test]
fn a_chain_is_planned_or_refused_and_never_too_long_for_the_stack() {
    let chain = shapes::SHAPES.iter().find(|shape| shape.name == "fields that require one another");
    let make = chain.expect("there is such a shape").make;
    let planned = move |size| {
        let (sdl, query) = make(size);
        let graph = schema::graph(&sdl);
        plan(&graph, &schema::operation(&graph, &query), &Options::default()).map(drop)
    };
    let all = std::thread::Builder::new().stack_size(STACK).spawn(move || [150, 5_000].map(planned));
    let [short, long] = all.expect("a thread").join().expect("no overflow");
    assert_eq!(short, Ok(()));
    let Err(PlanError::TooLong { path, most }) = long else { panic!("{long:?}") };
    assert_eq!((path.as_str(), most), ("item", 200));
}
