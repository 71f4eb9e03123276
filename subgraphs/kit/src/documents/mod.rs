//! A store of documents: what a service over documents needs of an engine, and the engines that give it.
//!
//! A collection holds aggregates. Each is one document: an identifier, a revision, key columns computed in
//! Rust (the only fields an engine filters and sorts by, under binary order), and a body that no engine looks
//! into. A command reads one aggregate, decides, and writes it back if its revision has not moved; its pending
//! events and its idempotency marks are part of the body, so that one atomic write is the whole change. No
//! transaction over several documents and no change stream is needed, and every engine behaves alike.
//!
//! - [`Collection`], [`Document`]: what is kept. [`Find`], [`FindEach`]: what can be asked.
//! - [`Documents`]: the port; adapters for `sqlite:` and (feature `mongo`) `mongodb://`. [`open`] picks one.
//! - [`Migration`]: steps and ledger, the same on each engine.
//! - [`Aggregate`]: the envelope with bounded outbox and marks. [`update`], [`create`]: how a command writes
//!   it. [`DocumentOutbox`]: what the relay empties. [`DocumentInbox`]: what has come; [`hear`]: how an event is applied.

mod aggregate;
mod archive;
mod collection;
mod drawer;
mod engine;
mod few;
mod inbox;
mod migration;
#[cfg(feature = "mongo")]
mod mongo;
mod outbox;
mod query;
mod sqlite;
mod standing;
mod step_marks;
mod write;

pub use aggregate::{Aggregate, MARK_LIMIT, OUTBOX_LIMIT, State, WAITING};
pub use archive::{ARCHIVE, ARCHIVE_BY_AGGREGATE};
pub use collection::{Collection, Document, Found, Index, KeyColumn};
pub use engine::{Documents, Tally, open};
pub(crate) use inbox::purge;
pub use inbox::{DocumentInbox, DocumentTx, INBOX_ROOM};
pub use migration::{Migration, Step};
pub use outbox::{DocumentOutbox, Projection};
pub use query::{Find, FindEach, Match};
pub(crate) use standing::{pending, present, standing};
pub(crate) use step_marks::{StepMark, StepMarks};
pub(crate) use write::{ATTEMPTS, store};
pub use write::{Decision, Written, create, hear, update};
