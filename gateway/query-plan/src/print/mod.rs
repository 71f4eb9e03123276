//! A plan in the forms that people and tools read: nested nodes, as indented text or as JSON.
//!
//! 1. `describe` turns a plan into the nodes that the field's tools know (`node`).
//! 2. `text` or the JSON serialiser writes them.

mod describe;
mod document;
mod node;
mod text;

use crate::QueryPlan;

/// The plan as indented text: `QueryPlan { Sequence { Fetch(service: "a") { … } Flatten(path: "b.@") { … } } }`.
pub fn to_text(plan: &QueryPlan) -> String {
    text::write(&describe::plan(plan))
}

/// The plan as JSON: nested nodes, each with a `kind`.
pub fn to_json(plan: &QueryPlan) -> String {
    // Nodes hold strings and lists only, which always serialise.
    serde_json::to_string_pretty(&describe::plan(plan)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
