//! The reports service over a bus: what it hears, what it counts, and what is left of it when it is killed.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod counts;
mod killed;
mod late;
mod process;
mod said;
mod watched;
mod world;
