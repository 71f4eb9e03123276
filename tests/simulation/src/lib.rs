//! Services and sagas in one thread and in virtual time, with faults by seed.
//!
//! The outbox's relay, the inbox and its consumers, the steps of participants and the coordinator are those of
//! production. What they stand on is not: `engine` is a database in memory, `bus` one that loses and doubles,
//! `weather` decides what befalls whom. A run starts the nodes (`world`), lets clients begin sagas, lets faults
//! happen (`plan`), waits until all is at rest, and reads all stores (`check`).
//!
//! A seed gives the same run each time: nothing asks the machine for time, chance or an order.

mod bus;
mod chance;
mod check;
mod definitions;
mod engine;
mod listener;
mod many;
mod participant;
mod plan;
mod planted;
mod process;
mod replica;
mod run;
mod seen;
mod trace;
mod weather;
mod world;

pub use many::{Outcomes, run_all};
pub use planted::find;
pub use run::Outcome;
pub use seen::{PHASE_CHANGES, STATUS_CHANGES, Seen};
pub use trace::Trace;

/// A run is made of small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs one seed.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    run::run(seed, Trace::new(false))
}

/// Runs one seed, and keeps what happened in words.
#[must_use]
pub fn run_in_words(seed: u64) -> Outcome {
    run::run(seed, Trace::new(true))
}
