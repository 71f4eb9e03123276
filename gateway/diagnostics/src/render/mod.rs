//! Renderers, one a file.

mod human;
mod json;

pub use human::human;
pub use json::json;
