//! Migrations with a ledger of our own, in one format on every engine.
//!
//! 1. The lock: of two processes that start at once, one migrates and the other waits.
//! 2. The ledger is read: what was applied must be unchanged here.
//! 3. What is missing is applied in order, each with its ledger row in one transaction.

mod ledger;
mod sql;

pub(crate) use ledger::hex;
pub use ledger::{Applied, LedgerEntry, MigrateError, Migration, Phase, plan};
pub use sql::{apply, pending};
