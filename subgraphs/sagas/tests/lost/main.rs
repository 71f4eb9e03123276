//! Sagas that the coordinator has lost, since its database came from an older backup, are taken up again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod remains;
mod restored;
mod world;
