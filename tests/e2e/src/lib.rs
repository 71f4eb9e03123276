//! The library and the gateway, driven from outside.
//!
//! A [`Running`] is a binary of the workspace as a process of its own; [`ask`] sends it GraphQL as any client does; a
//! [`Tap`] between two processes counts what passes, and a [`Door`] leads to whichever process is there now,
//! and cuts or holds what passes.

mod door;
mod graphql;
mod running;
mod search;
mod tap;

use std::path::Path;

pub use door::{Door, Wire};
pub use graphql::{Answer, ask, ask_as, post};
pub use running::{Running, finish};
pub use search::files_with;
pub use tap::Tap;

/// The five services that keep something.
pub const SERVICES: [&str; 5] = ["authors", "books", "genres", "students", "users"];

/// The query that the library suggests.
pub const SUGGESTED: &str = include_str!("../../../subgraphs/lms/src/suggested.graphql");

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A number with its check digit (ISO 2108).
pub fn isbn(number: usize) -> String {
    let digits = format!("978{number:09}");
    let sum: u32 = digits
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
