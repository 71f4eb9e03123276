//! What is said reaches whoever listens: each event once, in its aggregate's order, whatever fails on the way.
//! On both SQL engines; `Wire` stands for a bus where a test needs one that fails.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod http;
mod inbox;
mod markers;
mod outbox;
mod steps;
mod transfer;
mod wire;
mod world;
