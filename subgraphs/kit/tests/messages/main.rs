//! What is said reaches whoever listens: each event once, in its aggregate's order, whatever fails on the way.
//! On the SQL engines, on those of documents and on one that a service brings itself; `Wire` stands for a bus where a test needs one that fails.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod at_once;
mod contract;
mod effects;
mod forms;
mod http;
mod inbox;
mod keys;
mod markers;
mod outbox;
mod shelf;
mod shelf_outbox;
mod shelf_steps;
mod steps;
mod transfer;
mod tray;
mod wire;
mod world;
