//! Records of entities, found by what a representation has of their keys.

use apollo_compiler::executable::SelectionSet;

use super::Subgraph;
use crate::json::{JsonMap, JsonValue};

/// What a look-up found.
#[derive(Debug)]
pub(super) enum Found {
    /// The record and its object type.
    Record(String, JsonMap),
    /// No entity has that key.
    Missing,
    /// The representation is not one; a sentence says why.
    Malformed(String),
}

impl Subgraph {
    /// Looks up a representation: its type is an entity here, it has a whole key, and nothing that the type does not know.
    pub(super) fn look_up(&self, representation: &JsonMap) -> Found {
        let Some(ty) = representation.get("__typename").and_then(JsonValue::as_str) else {
            return Found::Malformed("it has no `__typename`".to_owned());
        };
        let keys = self.whole_keys(ty, representation);
        if keys.is_empty() {
            return Found::Malformed(format!("it has no whole key of `{ty}`"));
        }
        for field in representation.keys().filter(|field| field.as_str() != "__typename") {
            if self.schema.schema.type_field(ty, field.as_str()).is_err() {
                return Found::Malformed(format!("`{ty}` has no `{}`", field.as_str()));
            }
        }
        self.find(ty, &keys, representation)
    }

    /// The record of an entity that is mentioned by a key.
    pub(super) fn record_like(&self, ty: &str, object: &JsonMap) -> Option<JsonMap> {
        match self.find(ty, &self.whole_keys(ty, object), object) {
            Found::Record(_, record) => Some(record),
            _ => None,
        }
    }

    fn find(&self, ty: &str, keys: &[&SelectionSet], object: &JsonMap) -> Found {
        for concrete in self.object_types(ty) {
            let record = match self.data.get(concrete.as_str()) {
                Some(JsonValue::Object(any)) => any.get("$any").and_then(JsonValue::as_object),
                Some(JsonValue::Array(records)) => {
                    let mut records = records.iter().filter_map(JsonValue::as_object);
                    records
                        .find(|record| !keys.is_empty() && keys.iter().all(|key| agree(key, object, record)))
                }
                _ => None,
            };
            if let Some(record) = record {
                return Found::Record(concrete, record.clone());
            }
        }
        Found::Missing
    }

    /// The type itself when it is an object type, and otherwise the object types behind it.
    fn object_types(&self, ty: &str) -> Vec<String> {
        let schema = &self.schema.schema;
        let names = schema.types.keys().filter(|name| *name == ty || schema.is_subtype(ty, name));
        names.filter(|name| schema.get_object(name).is_some()).map(ToString::to_string).collect()
    }

    fn whole_keys(&self, ty: &str, object: &JsonMap) -> Vec<&SelectionSet> {
        let keys = self.schema.keys.get(ty).map_or(&[][..], Vec::as_slice);
        keys.iter().filter(|key| is_whole(key, object)).collect()
    }
}

/// Whether an object has every field of a key, none of them null.
fn is_whole(key: &SelectionSet, object: &JsonMap) -> bool {
    key.fields().all(|field| match object.get(field.name.as_str()) {
        None | Some(JsonValue::Null) => false,
        Some(JsonValue::Object(inner)) => is_whole(&field.selection_set, inner),
        Some(JsonValue::Array(items)) => {
            items.iter().all(|item| item.as_object().is_none_or(|item| is_whole(&field.selection_set, item)))
        }
        Some(_) => true,
    })
}

fn agree(key: &SelectionSet, left: &JsonMap, right: &JsonMap) -> bool {
    key.fields().all(|field| {
        let name = field.name.as_str();
        left.get(name).zip(right.get(name)).is_some_and(|(l, r)| values_agree(&field.selection_set, l, r))
    })
}

fn values_agree(key: &SelectionSet, left: &JsonValue, right: &JsonValue) -> bool {
    match (left, right) {
        (JsonValue::Object(left), JsonValue::Object(right)) => agree(key, left, right),
        (JsonValue::Array(left), JsonValue::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| values_agree(key, l, r))
        }
        _ => left == right,
    }
}
