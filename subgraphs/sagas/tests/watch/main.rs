//! What the platform's people see of the traffic between services, and mend in it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod consistency;
mod forgotten;
mod letters;
mod metrics;
mod progress;
mod world;
