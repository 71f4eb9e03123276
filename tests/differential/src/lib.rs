//! Federated answers beside those of one monolith over the same data.
//!
//! A seed makes a *world*: the schema of a monolith and its split into subgraphs. A world is composed once, and asked many operations; each is
//! answered by the monolith, which is a plain interpreter, and by the gateway over stand-ins of the subgraphs, which are the same
//! interpreter with the subgraph's schema. The two answers must be one.
//!
//! What the generator leaves out, since a federation is rightly weaker there:
//!
//! 1. Keys are never null and never fail, and every entity that is mentioned is there: a subgraph cannot be asked for others.
//! 2. Fields that others require never fail: their errors would be told although no client has asked for them.
//! 3. Of a mutation, only the root fields see its effects: what is below them may be asked later.
//!
//! How answers are compared is said in `compare.rs`.

mod chance;
mod coerce;
mod compare;
mod data;
mod fault;
mod hostile;
mod interpret;
mod json;
mod monolith;
mod operation;
mod pair;
mod part;
mod run;
mod shrink;
mod stage;
mod stand_in;
mod tally;
mod world;

pub use fault::Fault;
pub use hostile::{Survived, hostile_answers, hostile_operations};
pub use run::{Failure, Outcome, describe, find, run, shrunk};
pub use tally::Tally;
