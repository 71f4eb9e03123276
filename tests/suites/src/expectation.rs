//! A response held against the one that was worked out by hand.
//!
//! `data` must be equal, the order of keys included. Each error must have what the expected one says of it, in the same order. `requests`,
//! where it is given, says how often each subgraph was asked.

use std::collections::BTreeMap;

use crate::json::{JsonMap, JsonValue, pretty};

/// What differs.
pub(crate) fn differences(expected: &JsonValue, response: &JsonValue, asked: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let (Some(expected), Some(response)) = (expected.as_object(), response.as_object()) else {
        return vec![format!("not an object: {response}")];
    };
    let known = ["data", "errors", "requests"];
    found.extend(
        expected.keys().filter(|key| !known.contains(&key.as_str())).map(|k| format!("`{}`?", k.as_str())),
    );
    data(expected, response, &mut found);
    errors(list(expected, "errors"), list(response, "errors"), &mut found);
    if let Some(requests) = expected.get("requests").and_then(JsonValue::as_object) {
        self::requests(requests, asked, &mut found);
    }
    found
}

fn data(expected: &JsonMap, response: &JsonMap, found: &mut Vec<String>) {
    let text = |map: &JsonMap| map.get("data").map_or_else(String::new, |d| pretty(d).unwrap_or_default());
    let (expected, ours) = (text(expected), text(response));
    if expected != ours {
        let diff = similar::TextDiff::from_lines(&expected, &ours);
        let diff = diff.unified_diff().context_radius(4).header("expected", "ours").to_string();
        found.push(format!("the data are not the expected ones:\n{diff}"));
    }
}

fn list<'v>(map: &'v JsonMap, key: &str) -> &'v [JsonValue] {
    map.get(key).and_then(JsonValue::as_array).map_or(&[], Vec::as_slice)
}

fn errors(expected: &[JsonValue], ours: &[JsonValue], found: &mut Vec<String>) {
    if expected.len() != ours.len() {
        let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
        found.push(format!(
            "{} errors expected, {} are there:\n{}",
            expected.len(),
            ours.len(),
            ours.join("\n")
        ));
        return;
    }
    for (expected, ours) in expected.iter().zip(ours) {
        if !covers(ours, expected) {
            found.push(format!("this error was expected:\n{expected}\nand this one is there:\n{ours}"));
        }
    }
}

/// Whether `value` has what `wanted` has; objects may have more.
fn covers(value: &JsonValue, wanted: &JsonValue) -> bool {
    match (value, wanted) {
        (JsonValue::Object(value), JsonValue::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key.as_str()).is_some_and(|value| covers(value, wanted))),
        _ => value == wanted,
    }
}

fn requests(expected: &JsonMap, asked: &[String], found: &mut Vec<String>) {
    let mut counts = BTreeMap::new();
    for subgraph in asked {
        *counts.entry(subgraph.as_str()).or_insert(0) += 1;
    }
    let wanted: BTreeMap<&str, i64> =
        expected.iter().map(|(name, count)| (name.as_str(), count.as_i64().unwrap_or(-1))).collect();
    if counts != wanted {
        found.push(format!("the requests should be {wanted:?}, and are {counts:?}"));
    }
}
