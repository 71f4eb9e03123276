//! The library's processes on real engines, under faults.
//!
//! A [`Stack`] is every service and the gateway as processes over engines of its own, with a door in front of each. A [`Load`] sends
//! it what clients send, and keeps what was acknowledged. When all has come to rest, [`Stores`] reads every store, and
//! [`broken`] says which of the invariants I1 to I10 of `docs/chaos.md` do not hold. A [`Run`] does that after each [`Scenario`].

mod check;
mod faults;
mod load;
mod run;
mod scenario;
mod stack;
mod stores;

pub use check::{at_rest, broken, seen_by_clients};
pub use load::{Load, Log};
pub use run::{Outcome, Run, hurt_in_turn};
pub use scenario::Scenario;
pub use stack::{MAX_AGE, Stack};
pub use stores::{Stores, run};
