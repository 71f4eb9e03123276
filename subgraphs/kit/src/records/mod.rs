//! An engine that a service brings itself: what it gives, and all that it gets for that.
//!
//! Whatever keeps text under a key, and writes several of them at once with what else a service has to write, can be a
//! service's engine: an index, a file, a store in memory of its own. It gives [`Records`] and no more. The inbox, its
//! dead letters, how far each source was loaded and which markers were applied, and the ledger of migrations are
//! records: [`RecordInbox`], [`migrate`] and [`RecordEngine`] are written once, for all of them.
//!
//! Such an engine belongs to one process, which keeps in memory what waits. A message's effects and the mark that it was
//! applied are one commit ([`RecordTx`]), so that a process that ends at any point neither loses nor doubles it.

mod dead;
mod desk;
mod engine;
mod inbox;
mod ledger;
mod port;

pub use engine::RecordEngine;
pub use inbox::{RecordInbox, RecordTx};
pub use ledger::{Migration, migrate};
pub use port::{Records, Write};
