//! Many pairs, on every core.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use octavo_query_plan::print;
use serde_json::Value as JsonValue;

use crate::chance::with;
use crate::coerce::Values;
use crate::fault::Fault;
use crate::operation::Operation;
use crate::pair::{Answers, Planned};
use crate::shrink::shrink;
use crate::stage::Stage;
use crate::tally::Tally;
use crate::world::World;

/// How many operations a world is asked.
const OPERATIONS: u64 = 20;
/// How often each operation is executed, with other variables and other data.
const EXECUTIONS: u64 = 2;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was met.
    pub tally: Tally,
    /// Worlds that did not compose, described.
    pub refused: Vec<String>,
    /// Pairs that differ, described, the first by seed first.
    pub failures: Vec<Failure>,
}

/// A pair that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The world's seed, the operation's number in it, and the execution's.
    pub place: (u64, u64, u64),
    /// What is wrong.
    pub finding: String,
    /// Operation, variables, plan, requests and both answers.
    pub description: String,
}

/// Compares at least `pairs` pairs, of worlds from `seed` on.
#[must_use]
pub fn run(seed: u64, pairs: u64) -> Outcome {
    let worlds = pairs.div_ceil(OPERATIONS * EXECUTIONS);
    let next = AtomicU64::new(0);
    let all = Mutex::new(Outcome::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut own = Outcome::default();
                loop {
                    let world = next.fetch_add(1, Ordering::Relaxed);
                    if world >= worlds {
                        break;
                    }
                    run_world(seed + world, None, &mut own);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).join(own);
            });
        }
    });
    let mut outcome = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.failures.sort_unstable();
    outcome
}

/// After how many pairs a mistake is found, if it is found within `pairs`. A pair that differs without it does not count.
#[must_use]
pub fn find(fault: Fault, pairs: u64) -> Option<u64> {
    let mut compared = 0;
    let mut world = 0;
    while compared < pairs {
        let (mut spoiled, mut sound) = (Outcome::default(), Outcome::default());
        run_world(world, Some(fault), &mut spoiled);
        run_world(world, None, &mut sound);
        let places: Vec<_> = sound.failures.iter().map(|failure| failure.place).collect();
        let found = spoiled.failures.iter().find(|failure| !places.contains(&failure.place));
        if let Some(failure) = found {
            let (_, operation, execution) = failure.place;
            return Some(compared + operation * EXECUTIONS + execution + 1);
        }
        compared += OPERATIONS * EXECUTIONS;
        world += 1;
    }
    None
}

impl Outcome {
    fn join(&mut self, other: Self) {
        self.tally.join(other.tally);
        self.refused.extend(other.refused);
        self.failures.extend(other.failures);
    }
}

fn run_world(seed: u64, fault: Option<Fault>, outcome: &mut Outcome) {
    let stage = match Stage::new(World::new(seed)) {
        Ok(stage) => stage,
        Err(error) => {
            outcome.refused.push(format!("world {seed}: {error:#}"));
            return;
        }
    };
    for number in 0..OPERATIONS {
        run_operation(&stage, (seed, number), fault, outcome);
    }
}

fn run_operation(stage: &Stage, (seed, number): (u64, u64), fault: Option<Fault>, outcome: &mut Outcome) {
    let operation = Operation::new(&stage.world, with(seed, number));
    let place = |execution| (seed, number, execution);
    let planned = match Planned::new(stage, &operation.text, fault) {
        Ok(planned) => planned,
        Err(error) => {
            let finding = format!("{error:#}");
            outcome.failures.push(Failure { place: place(0), finding, description: operation.text });
            return;
        }
    };
    for execution in 0..EXECUTIONS {
        let data = data_seed((seed, number, execution));
        let variables = operation.values(&stage.world, data);
        let answers = planned.answer(&variables, data);
        if let Ok(answers) = &answers {
            outcome.tally.count(&operation.marks, planned.plan(), answers);
        }
        let finding = match &answers {
            Ok(answers) => answers.finding(),
            Err(error) => Some(format!("{error:#}")),
        };
        let Some(finding) = finding else { continue };
        let description = description(&operation.text, &variables, &planned, answers.ok().as_ref());
        outcome.failures.push(Failure { place: place(execution), finding, description });
    }
}

fn data_seed((seed, number, execution): (u64, u64, u64)) -> u64 {
    with(with(seed, number), 1 + execution)
}

fn description(text: &str, variables: &Values, planned: &Planned<'_>, answers: Option<&Answers>) -> String {
    let mut all = format!("{text}\n{}\n", JsonValue::Object(variables.clone()));
    if let Some(answers) = answers {
        let _ = writeln!(all, "\n{}", print::to_text(planned.plan()));
        let _ = writeln!(all, "{}\n", answers.diary.requests.join("\n"));
        let _ = writeln!(all, "monolith:  {}", answers.monolith_text());
        let _ = writeln!(all, "federated: {}", String::from_utf8_lossy(&answers.federated));
    }
    all
}

/// The description of a pair that differs, its operation as small as it can be made.
#[must_use]
pub fn shrunk(failure: &Failure) -> Option<String> {
    let (seed, number, _) = failure.place;
    let stage = Stage::new(World::new(seed)).ok()?;
    let operation = Operation::new(&stage.world, with(seed, number));
    let data = data_seed(failure.place);
    let variables = operation.values(&stage.world, data);
    let fails = |text: &str| {
        let planned = Planned::new(&stage, text, None);
        let answers = planned.and_then(|planned| planned.answer(&variables, data));
        answers.is_ok_and(|answers| answers.finding().is_some())
    };
    let text = shrink(&operation.text, fails);
    let planned = Planned::new(&stage, &text, None).ok()?;
    let answers = planned.answer(&variables, data).ok()?;
    Some(description(&text, &variables, &planned, Some(&answers)))
}

/// A world's schemas as text: the monolith's, then each subgraph's.
#[must_use]
pub fn describe(seed: u64) -> String {
    let world = World::new(seed);
    let parts = world.subgraphs.iter().enumerate();
    let parts = parts.map(|(id, part)| format!("\n# subgraph {}\n{}", part.name, world.subgraph_sdl(id)));
    world.monolith_sdl() + &parts.collect::<String>()
}
