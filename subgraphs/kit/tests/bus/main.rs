//! One suite for every bus, and for each what can go wrong with it alone.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

#[cfg(feature = "pulsar")]
mod broker;
mod local;
mod place;
#[cfg(feature = "pulsar")]
mod pulsar;
mod suite;
mod url;
