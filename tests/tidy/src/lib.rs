//! Ranks, sizes and habits of the tree, held by tests.
//!
//! This crate reads the workspace as text, tokens, manifests and history; the rules themselves are the tests under `tests/tree/`,
//! one file a kind of rule. It knows no other crate of the workspace.

mod finding;
mod history;
mod manifest;
mod rust_file;
mod token;
mod workspace;

pub use finding::{Finding, Findings};
pub use history::History;
pub use manifest::{Dependency, DependencyKind, Manifest};
pub use rust_file::RustFile;
pub use token::{Token, TokenKind};
pub use workspace::Workspace;
