//! A plan in the forms that people and tools read: nested nodes, as indented text or as JSON.
//!
//! 1. `describe` turns a plan into the nodes that the field's tools know (`node`).
//! 2. `text` or the JSON serialiser writes them.
//! 3. `why` says of each request what it is for; `mermaid` draws the requests with what they wait for.

mod describe;
mod document;
mod mermaid;
mod node;
mod text;
mod why;

use crate::QueryPlan;
pub use why::{Considered, Weighed};

/// The plan as indented text: `QueryPlan { Sequence { Fetch(service: "a") { … } Flatten(path: "b.@") { … } } }`.
pub fn to_text(plan: &QueryPlan) -> String {
    text::write(&describe::plan(plan))
}

/// The plan as JSON: nested nodes, each with a `kind`.
pub fn to_json(plan: &QueryPlan) -> String {
    // Nodes hold strings and lists only, which always serialise.
    serde_json::to_string_pretty(&describe::plan(plan)).unwrap_or_default()
}

/// The plan as JSON, with the reason for each request beside the nodes; `considered` is by request.
pub fn to_json_explained(plan: &QueryPlan, considered: &[Vec<Considered>]) -> String {
    let mut json = serde_json::to_value(describe::plan(plan)).unwrap_or_default();
    json["explanation"] = serde_json::to_value(why::reasons(plan, considered)).unwrap_or_default();
    serde_json::to_string_pretty(&json).unwrap_or_default()
}

/// The reason for each request, as text; `considered` is by request.
pub fn explanation(plan: &QueryPlan, considered: &[Vec<Considered>]) -> String {
    why::text(&why::reasons(plan, considered))
}

/// The plan as a Mermaid flowchart.
pub fn to_mermaid(plan: &QueryPlan) -> String {
    mermaid::write(&why::reasons(plan, &[]))
}

#[cfg(test)]
mod tests;
