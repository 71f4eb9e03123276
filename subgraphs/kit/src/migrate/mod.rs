//! Migrations with a ledger of our own, in one format on every engine.
//!
//! 1. The lock: of two processes that start at once, one migrates and the other waits.
//! 2. The ledger is read: what was applied must be unchanged here.
//! 3. What is missing is applied in order, each with its ledger row in one transaction.
//!
//! What takes something away is not applied at start: [`contract`] does it when it is asked for and nothing old is left,
//! which each service's [`Standing`] says.

mod ledger;
mod presence;
mod requirement;
mod sql;
mod standing;

pub use ledger::{LedgerEntry, MigrateError, Migration, Phase, plan};
pub(crate) use ledger::{checksum, hex};
pub use presence::present;
pub use requirement::{Requirement, Requirements, Standings};
pub use sql::{apply, contract, pending, standing};
pub use standing::{Contracted, Gate, Kept, Minima, Pending, Process, Standing, release};
pub(crate) use standing::{GONE_MS, MOST_EVENTS, ON_ITS_WAY_MS, oldest_schemas, step_name};
