//! What an entry depends on, and what a change touches, as numbers that are compared.
//!
//! They are the same in every process, since gateways share them. Two things with one number are only dropped together.

use octavo_executor::{CacheKey, CacheScope};
use serde_json::{Map, Value};

use crate::events::Touch;

/// Something that an entry depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag(u64);

impl Tag {
    /// By which gateways name it to one another.
    pub(crate) fn name(self) -> String {
        format!("{:016x}", self.0)
    }

    /// FNV-1a over the parts with their lengths.
    fn of(parts: [&str; 5]) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| {
            let length = (part.len() as u64).to_be_bytes();
            length.into_iter().chain(part.bytes()).fold(hash, step)
        });
        Self(hash)
    }

    fn entity((subgraph, type_name): (&str, &str), field: &str, value: &str) -> Self {
        Self::of(["entity", subgraph, type_name, field, value])
    }

    /// All entities of a type.
    fn every(subgraph: &str, type_name: &str) -> Self {
        Self::of(["every", subgraph, type_name, "", ""])
    }

    /// Entities that hold objects of a type: what a list holds changes with any of them.
    fn inside(subgraph: &str, type_name: &str) -> Self {
        Self::of(["inside", subgraph, type_name, "", ""])
    }
}

/// What every entry of a scope depends on.
pub(crate) fn tags_of_scope(scope: &CacheScope) -> Vec<Tag> {
    scope.inside.iter().map(|name| Tag::inside(&scope.subgraph, name)).collect()
}

/// What an entity depends on beside: all that its representation says may be a part of a key.
pub(crate) fn tags_of_entity(scope: &CacheScope, key: &CacheKey) -> Vec<Tag> {
    let of = (&*scope.subgraph, &*key.type_name);
    let fields: Map<String, Value> = serde_json::from_slice(&key.representation).unwrap_or_default();
    let fields = fields.iter().filter_map(|(field, value)| Some(Tag::entity(of, field, &plain(value)?)));
    std::iter::once(Tag::every(of.0, of.1)).chain(fields).collect()
}

/// What a change touches: an entity by each of its keys, and whatever holds objects of its type.
pub(crate) fn tags_of_touch(touch: &Touch) -> Vec<Tag> {
    let of = (touch.subgraph.as_str(), touch.type_name.as_str());
    let keys = touch.keys.iter().map(|key| tag_of_key(of, key));
    let every = touch.keys.is_empty().then(|| Tag::every(of.0, of.1));
    std::iter::once(Tag::inside(of.0, of.1)).chain(keys).chain(every).collect()
}

/// Of a key with several fields the longest value counts alone: it tells most entities apart, and too many are dropped
/// rather than too few. One that holds no plain value touches all of the type.
fn tag_of_key(of: (&str, &str), key: &Map<String, Value>) -> Tag {
    let plain = key.iter().filter_map(|(field, value)| Some((field, plain(value)?)));
    match plain.max_by_key(|(_, value)| value.len()) {
        Some((field, value)) => Tag::entity(of, field, &value),
        None => Tag::every(of.0, of.1),
    }
}

/// A key's value as text: `1` and `"1"` are one `ID`.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
