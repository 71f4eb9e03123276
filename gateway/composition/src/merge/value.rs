//! Values that are written in several ways and mean the same.

use octavo_language::ast::Value;
use octavo_language::{Name, Node};

/// Whether two values are equal: fields of an object have no order, and a number is what it counts.
pub(crate) fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has_same = |(name, value): &(Name, Node<Value>)| {
                let mut found = other.iter().filter(|(other, _)| other == name);
                found.next().is_some_and(|(_, other)| same_value(value, other))
            };
            one.len() == other.len() && one.iter().all(has_same)
        }
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            number(one).zip(number(other)).is_some_and(|(one, other)| one.total_cmp(&other).is_eq())
        }
        _ => one == other,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => number.as_str().parse().ok(),
        Value::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}
