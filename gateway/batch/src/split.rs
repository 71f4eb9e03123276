//! The answer of a joined request, split: to each member its entities in its own order, and its errors at its own places.

use std::collections::HashMap;

use bytes::Bytes;
use octavo_executor::EntityCall;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::member::Share;

/// What of an answer is read.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<HashMap<String, Option<Vec<&'a RawValue>>>>,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

/// The members' answers, in the order of `shares`; `None` when the answer is not one entity for each that was asked for.
pub(crate) fn split(body: &[u8], call: &EntityCall, shares: &[Share]) -> Option<Vec<Bytes>> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).ok()?;
    let data = envelope.data?;
    let mut entities = Vec::new();
    for group in &call.groups {
        let list = data.get(&*group.key)?.as_ref()?;
        if list.len() != group.representations.len() {
            return None;
        }
        entities.push(list);
    }
    let errors = envelope.errors.unwrap_or_default();
    Some(shares.iter().map(|share| answer(call, share, &entities, &errors)).collect())
}

fn answer(call: &EntityCall, share: &Share, entities: &[&Vec<&RawValue>], errors: &[Value]) -> Bytes {
    let mut out = String::from("{\"data\":{");
    for (number, ((group, places), entities)) in call.groups.iter().zip(share).zip(entities).enumerate() {
        out.push_str(if number == 0 { "\"" } else { ",\"" });
        // A response key is a name: nothing in it needs an escape.
        out.push_str(&group.key);
        out.push_str("\":[");
        for (index, &place) in places.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            out.push_str(entities[place].get());
        }
        out.push(']');
    }
    out.push('}');
    let own: Vec<Value> = errors.iter().flat_map(|error| errors_of(call, share, error)).collect();
    if !own.is_empty() {
        out.push_str(",\"errors\":");
        out.push_str(&Value::Array(own).to_string());
    }
    out.push('}');
    out.into()
}

/// The error as a member sees it: at the member's own index if it is at an entity, and not at all if that is another's.
fn errors_of(call: &EntityCall, share: &Share, error: &Value) -> Vec<Value> {
    let path = error.get("path").and_then(Value::as_array);
    let Some((group, index)) = path.and_then(|path| place(call, path)) else { return vec![error.clone()] };
    let own = share.get(group).into_iter().flatten().enumerate().filter(|(_, place)| **place == index);
    own.map(|(at, _)| {
        let mut error = error.clone();
        if let Some(step) = error.pointer_mut("/path/1") {
            *step = at.into();
        }
        error
    })
    .collect()
}

/// The group and the index of the entity that a path leads to.
fn place(call: &EntityCall, path: &[Value]) -> Option<(usize, usize)> {
    let (key, index) = (path.first()?.as_str()?, path.get(1)?.as_u64()?);
    let group = call.groups.iter().position(|group| &*group.key == key)?;
    Some((group, usize::try_from(index).ok()?))
}
