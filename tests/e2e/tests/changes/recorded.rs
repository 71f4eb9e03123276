//! The recorded samples of events, `schema/events/SERVICE.KIND.VERSION.json`: what is said today has the shape of the
//! newest sample of its kind.
//!
//! A sample that is there is never written over, so that each version of what was ever said stays readable.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use octavo_e2e::root;
use serde_json::{Map, Value};

/// Set by `cargo xtask events`: what is missing is written.
const RECORD: &str = "RECORD_EVENTS";

/// Compares what was said, by kind, with the samples; writes those that are missing if that was asked for.
pub(crate) fn check(said: &BTreeMap<String, Vec<Value>>) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for (kind, events) in said {
        let version = events[0]["schemaversion"].as_i64().context("an event has a version")?;
        let name = format!("{kind}.{version}.json");
        let path = folder().join(&name);
        if !path.exists() && std::env::var_os(RECORD).is_some() {
            fs::create_dir_all(folder())?;
            let text = format!("{}\n", serde_json::to_string_pretty(fullest(events)?)?);
            fs::write(&path, text).with_context(|| format!("schema/events/{name} cannot be written"))?;
        }
        named.extend((1..=version).map(|version| format!("{kind}.{version}.json")));
        wrong.extend(compare(&name, events)?);
    }
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(folder()).context("schema/events/ is not there: run `cargo xtask events`")? {
        there.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    wrong.extend((&named - &there).iter().map(|name| {
        format!(
            "schema/events/{name} is not there: a new kind or version is recorded by `cargo xtask events`"
        )
    }));
    wrong.extend((&there - &named).iter().map(|name| {
        format!("schema/events/{name}: nothing of this kind and version is said, nor a later version of it")
    }));
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What differs between events of one kind and their sample, and what to do.
fn compare(name: &str, events: &[Value]) -> anyhow::Result<Option<String>> {
    let Ok(text) = fs::read_to_string(folder().join(name)) else { return Ok(None) };
    let sample: Value = serde_json::from_str(&text).with_context(|| format!("schema/events/{name}"))?;
    let differs = events.iter().find(|event| !alike(&sample["data"]["state"], &event["data"]["state"]));
    Ok(differs.map(|event| {
        format!(
            "schema/events/{name} says {}\n  and now is said {}\n  A change of what an event says is a new version: add \
             what lifts the old one to subgraphs/kit/src/event/lift.rs, then run `cargo xtask events` (docs/events.md)",
            sample["data"]["state"], event["data"]["state"],
        )
    }))
}

/// The event that leaves the least null, and touches the most.
fn fullest(events: &[Value]) -> anyhow::Result<&Value> {
    let touched = |event: &Value| event["data"]["touches"].as_array().map_or(0, Vec::len);
    let fullest = events.iter().min_by_key(|event| (nulls(&event["data"]["state"]), Reverse(touched(event))));
    fullest.context("a kind that was said has an event")
}

fn nulls(value: &Value) -> usize {
    match value {
        Value::Null => 1,
        Value::Array(items) => items.iter().map(nulls).sum(),
        Value::Object(fields) => fields.values().map(nulls).sum(),
        _ => 0,
    }
}

/// Whether two values have the same fields of the same types; what is null may be anything.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(one), Value::Object(other)) => {
            let same_names = one.keys().collect::<BTreeSet<_>>() == other.keys().collect::<BTreeSet<_>>();
            same_names && fields_alike(one, other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.iter().chain(other).all(|item| one.iter().chain(other).all(|each| alike(item, each)))
        }
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn fields_alike(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.iter().all(|(name, value)| alike(value, &other[name]))
}

fn folder() -> PathBuf {
    root().join("schema/events")
}
