//! Values that are worked out: from arguments, and from what a representation brought along.
//!
//! - `{"$error": "message", "$extensions": {…}}` fails.
//! - `{"$by": "argument", "VALUE": …, "*": …}` is chosen by an argument's value.
//! - `{"$from": "path"}` is what stands there, `"$times": n` as often.
//! - `{"$sum": "path"}` adds up numbers.
//! - `{"$text": "words {path} words"}` writes values into a text, lists with commas.
//! - `{"$tick": true}` is one more each time, across all subgraphs of the case.
//!
//! A path is field names with dots, through lists too; its first name is a field of the representation or of the record, or `$NAME` for an
//! argument. What is not there is a violation, unless the path ends in `?`: the subgraph was asked without what it needs.

use super::Diary;
use crate::json::{JsonMap, JsonValue};

/// Where paths lead.
pub(super) struct Scope<'s> {
    pub(super) arguments: &'s JsonMap,
    pub(super) representation: Option<&'s JsonMap>,
    pub(super) record: &'s JsonMap,
}

/// Why a rule has no value.
#[derive(Debug)]
pub(super) enum Fault {
    /// The data say that the field fails.
    Error { message: String, extensions: Option<JsonMap> },
    /// The request should not have been sent.
    Violation(String),
}

/// The value, rules followed to their end.
pub(super) fn evaluate(value: &JsonValue, scope: &Scope<'_>, diary: &Diary) -> Result<JsonValue, Fault> {
    let Some(rule) = value.as_object() else { return Ok(value.clone()) };
    let text = |name: &str| rule.get(name).and_then(JsonValue::as_str);
    if let Some(message) = text("$error") {
        let extensions = rule.get("$extensions").and_then(JsonValue::as_object).cloned();
        return Err(Fault::Error { message: message.to_owned(), extensions });
    }
    if let Some(argument) = text("$by") {
        let key = plain(&scope.at(&format!("${argument}"))?);
        let chosen = rule.get(key.as_str()).or_else(|| rule.get("*"));
        let chosen = chosen.ok_or_else(|| Fault::Violation(format!("no value for {argument}: {key}")))?;
        return evaluate(chosen, scope, diary);
    }
    if let Some(path) = text("$from") {
        let value = scope.at(path)?;
        return Ok(match (rule.get("$times").and_then(JsonValue::as_i64), value.as_i64()) {
            (Some(times), Some(number)) => JsonValue::from(number * times),
            _ => value,
        });
    }
    if let Some(path) = text("$sum") {
        let found = scope.at(path)?;
        let numbers = found.as_array().map_or(&[][..], Vec::as_slice);
        return Ok(JsonValue::from(numbers.iter().filter_map(JsonValue::as_i64).sum::<i64>()));
    }
    if let Some(template) = text("$text") {
        return scope.fill(template).map(JsonValue::from);
    }
    if rule.contains_key("$tick") {
        return Ok(JsonValue::from(diary.tick()));
    }
    Ok(value.clone())
}

impl Scope<'_> {
    fn at(&self, path: &str) -> Result<JsonValue, Fault> {
        let (path, optional) = path.strip_suffix('?').map_or((path, false), |path| (path, true));
        let mut names = path.split('.');
        let first = names.next().unwrap_or_default();
        let found = match first.strip_prefix('$') {
            Some(argument) => Some(self.arguments.get(argument).cloned().unwrap_or(JsonValue::Null)),
            None => {
                self.representation.and_then(|r| r.get(first)).or_else(|| self.record.get(first)).cloned()
            }
        };
        let found = found.and_then(|value| names.try_fold(value, |value, name| step(&value, name)));
        match found {
            Some(value) => Ok(value),
            None if optional => Ok(JsonValue::Null),
            None => Err(Fault::Violation(format!("`{path}` is needed and was not sent"))),
        }
    }

    fn fill(&self, template: &str) -> Result<String, Fault> {
        let mut text = String::new();
        for (index, part) in template.split(['{', '}']).enumerate() {
            if index % 2 == 0 {
                text.push_str(part);
            } else {
                text.push_str(&plain(&self.at(part)?));
            }
        }
        Ok(text)
    }
}

/// A field of an object, or of each object in a list; null has null fields.
fn step(value: &JsonValue, name: &str) -> Option<JsonValue> {
    match value {
        JsonValue::Null => Some(JsonValue::Null),
        JsonValue::Object(object) => object.get(name).cloned(),
        JsonValue::Array(items) => items.iter().map(|item| step(item, name)).collect(),
        _ => None,
    }
}

/// A value as words.
fn plain(value: &JsonValue) -> String {
    match value {
        JsonValue::String(text) => text.as_str().to_owned(),
        JsonValue::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
