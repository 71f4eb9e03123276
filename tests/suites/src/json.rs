//! JSON with the order of its keys, which is part of a response.

use anyhow::Result;
pub(crate) use apollo_compiler::response::{JsonMap, JsonValue};

pub(crate) fn parse(text: &str) -> Result<JsonValue> {
    Ok(serde_json::from_str(text)?)
}

/// Indented, keys in their order, a line break at the end.
pub(crate) fn pretty(value: &JsonValue) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
