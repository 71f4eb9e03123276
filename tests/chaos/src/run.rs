//! One scenario after the other on one stack, and what came of each.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::time::sleep;

use crate::load::{Chance, locked};
use crate::{Load, Log, Scenario, Stack, at_rest};

/// How many operations must be acknowledged in each scenario.
const ENOUGH: usize = 100;
/// How long a load may take to come to that.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(50);
/// How much is shown of what does not hold: lines of each invariant, and characters of a line.
const SHOWN: usize = 4;
const WIDTH: usize = 400;

/// One stack, and what it has acknowledged so far.
pub struct Run {
    stack: Stack,
    log: Arc<Mutex<Log>>,
    seed: usize,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Outcome {
    scenario: Scenario,
    seed: usize,
    /// What the fault did, or why it did nothing.
    proof: Result<String, String>,
    /// How many operations were acknowledged.
    pub acknowledged: usize,
    /// How often one had to be asked again.
    pub again: usize,
    /// How long the fault and the load took, and all until it had come to rest.
    seconds: (u64, u64),
    /// What does not hold.
    pub broken: Vec<String>,
}

impl Outcome {
    /// Whether the fault took effect, enough was acknowledged, and everything holds.
    pub fn holds(&self) -> bool {
        self.proof.is_ok() && self.acknowledged >= ENOUGH && self.broken.is_empty()
    }
}

impl Display for Outcome {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { scenario, seed, acknowledged, again, seconds: (hurt, all), .. } = self;
        let proof = match &self.proof {
            Ok(proof) => proof.clone(),
            Err(reason) => format!("NO FAULT: {reason}"),
        };
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(
            out,
            "{}: {proof}; {acknowledged} operations, {again} times asked again; {hurt} s, at rest after {all} s, seed {seed}: {verdict}",
            scenario.name()
        )?;
        for (invariant, lines) in by_invariant(&self.broken) {
            for line in lines.iter().take(SHOWN) {
                write!(out, "\n  {}", line.chars().take(WIDTH).collect::<String>())?;
            }
            if lines.len() > SHOWN {
                write!(out, "\n  {invariant}: {} in all", lines.len())?;
            }
        }
        Ok(())
    }
}

fn by_invariant(broken: &[String]) -> BTreeMap<&str, Vec<&String>> {
    let mut found: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for line in broken {
        found.entry(line.split(':').next().unwrap_or_default()).or_default().push(line);
    }
    found
}

impl Run {
    /// On a stack where nothing has happened; each scenario takes one seed, from this one on.
    pub fn new(stack: Stack, first_seed: usize) -> Self {
        Self { stack, log: Arc::default(), seed: first_seed }
    }

    /// Does something to the stack under load; when it is whole again, and has come to rest, all must hold.
    pub async fn scenario(&mut self, scenario: Scenario) -> anyhow::Result<Outcome> {
        let (began, seed) = (Instant::now(), self.seed);
        self.seed += 1;
        locked(&self.log).forget_failures();
        let load = Load::start(self.stack.gateway()?, seed, &self.log);
        let (acknowledged, again) = (load.acknowledged(), load.again());
        let mut scene = Scene { stack: &mut self.stack, load: &load, chance: Chance::new(seed) };
        let proof = match scenario.hurt(&mut scene).await {
            Ok(proof) => scene
                .acknowledges(ENOUGH.saturating_sub(load.acknowledged() - acknowledged))
                .await
                .map(|()| proof),
            Err(error) => Err(error),
        };
        self.stack.mend().await?;
        let (acknowledged, again) = (load.acknowledged() - acknowledged, load.again() - again);
        load.stop().await?;
        let hurt = began.elapsed().as_secs();
        let broken = at_rest(&self.stack, &self.log).await?;
        Ok(Outcome {
            scenario,
            seed,
            proof: proof.map_err(|error| format!("{error:#}")),
            acknowledged,
            again,
            seconds: (hurt, began.elapsed().as_secs()),
            broken,
        })
    }
}

/// Each scenario once on a new stack, with a line for each; the first that does not hold is the error.
pub async fn hurt_in_turn(scenarios: &[Scenario], first_seed: usize) -> anyhow::Result<()> {
    let mut run = Run::new(Stack::start().await?, first_seed);
    for scenario in scenarios {
        let outcome = run.scenario(*scenario).await?;
        say(&outcome.to_string());
        // What is broken now would be found after each other scenario as well.
        ensure!(outcome.holds(), "{outcome}");
    }
    Ok(())
}

/// A run of minutes says where it is, past a harness that shows nothing before the end.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What a fault works on.
pub(crate) struct Scene<'a> {
    pub(crate) stack: &'a mut Stack,
    pub(crate) load: &'a Load,
    /// What the scenario's seed chooses.
    pub(crate) chance: Chance,
}

impl Scene<'_> {
    /// Waits until so many more operations were acknowledged.
    pub(crate) async fn acknowledges(&self, operations: usize) -> anyhow::Result<()> {
        let (began, goal) = (Instant::now(), self.load.acknowledged() + operations);
        while self.load.acknowledged() < goal {
            ensure!(
                began.elapsed() < PATIENCE,
                "{} operations less than {operations} were acknowledged within {} s",
                goal - self.load.acknowledged(),
                PATIENCE.as_secs()
            );
            sleep(POLL).await;
        }
        Ok(())
    }
}
