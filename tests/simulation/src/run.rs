//! One run, from its seed to what it has found.

use std::time::Duration;

use lms_sagas::saga::Phase;
use tokio::{runtime::Builder, time::sleep};

use crate::{
    check,
    engine::backlog,
    plan::{JUMP_MS, storm},
    seen::Seen,
    trace::Trace,
    weather::Weather,
    world::{HOUR_MS, World},
};

/// How long a world may take to come to rest once the weather is calm, in ms: every timeout with its doublings
/// may pass, and an engine's clock may have to catch up what it was set back, at most from a jump ahead to one back.
const BOUND_MS: i64 = 2 * JUMP_MS + HOUR_MS / 2;

/// What a run has found.
#[derive(Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The rules that were broken, in words.
    pub broken: Vec<String>,
    /// What it has seen.
    pub seen: Seen,
    /// What happened.
    pub trace: Trace,
    /// How long it took in virtual time, in ms.
    pub virtual_ms: i64,
}

/// Runs one seed; `trace` is what is to be kept of it.
pub(crate) fn run(seed: u64, trace: Trace) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output needs nothing of the machine");
    runtime.block_on(async {
        let weather = Weather::new(seed, trace);
        let mut world = World::start(seed, &weather);
        storm(&world).await;
        let rests = come_to_rest(&world).await;
        let virtual_ms = weather.elapsed_ms();
        world.end().await;
        let broken_at_rest = check::broken(&world).expect("no process runs any more");
        weather.see(|seen| count(&world, seen));
        let (sights, mut broken, trace) = weather.end();
        if !rests {
            broken.push(format!("I5, I8: the world has not come to rest within {BOUND_MS} ms"));
        }
        broken.extend(broken_at_rest);
        Outcome { seed, broken, seen: sights, trace, virtual_ms }
    })
}

/// Waits until nothing is left to do; whether that came about in time.
async fn come_to_rest(world: &World) -> bool {
    let until = world.common.weather.elapsed_ms() + BOUND_MS;
    while world.common.weather.elapsed_ms() < until {
        sleep(Duration::from_secs(1)).await;
        if is_at_rest(world) {
            return true;
        }
    }
    false
}

fn is_at_rest(world: &World) -> bool {
    let has_nothing = |node: &crate::world::Node| {
        let read = node.database.read(|state| backlog(state, 0).events == 0 && state.inbox.is_empty());
        read == Some(true)
    };
    let sagas = world.node("sagas").database.read(|state| {
        state.sagas.len() == world.common.wishes.number
            && state.sagas.values().all(|saga| saga.phase.is_settled())
    });
    let loaded = world
        .node("late")
        .database
        .read(|state| state.sources.values().filter(|source| source.loaded).count());
    world.common.wishes.are_fulfilled()
        && sagas == Some(true)
        && loaded == Some(4)
        && world.common.bus.waiting() == 0
        && world.nodes.iter().all(has_nothing)
}

fn count(world: &World, seen: &mut Seen) {
    let phases: Option<Vec<Phase>> =
        world.node("sagas").database.read(|state| state.sagas.values().map(|saga| saga.phase).collect());
    for phase in phases.into_iter().flatten() {
        *seen.sagas.entry(phase.as_str()).or_default() += 1;
    }
    for node in &world.nodes {
        let transfers = node.database.read(|state| state.transfers.len()).unwrap_or_default();
        seen.transfers += u64::try_from(transfers).unwrap_or_default();
    }
}
