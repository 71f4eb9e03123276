//! The lendings service over a bus: what it is asked by sagas, what it hears of others, and what clients see of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod late;
mod service;
mod world;
