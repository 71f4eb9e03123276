//! Renderers, one a file.

mod github;
mod human;
mod json;

pub use github::github;
pub use human::human;
pub use json::json;
