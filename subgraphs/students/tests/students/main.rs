//! The students service and its engines. Each test runs on SQLite and on a server that speaks MongoDB's
//! protocol, and fails when that server is missing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod accounts;
mod answers;
mod coordinator;
mod crash;
mod engine;
mod keeper;
mod lending;
mod library;
mod service;
