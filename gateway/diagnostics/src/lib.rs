//! Coded, labelled messages and their renderers.
//!
//! A [`Diagnostic`] says what is wrong (code and message), where (labels into named texts) and what to do (help). It knows
//! nothing of who found it. Renderers live in [`render`], one a file; only the command line chooses one and prints.

mod diagnostic;
pub mod render;
mod sources;

pub use diagnostic::{Diagnostic, Label, Severity};
pub use sources::{Position, Sources};
