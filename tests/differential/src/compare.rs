//! A federated answer held beside the monolith's.
//!
//! The data must be equal byte for byte. Of the errors, what the specification determines
//! (<https://spec.graphql.org/draft/#sec-Handling-Execution-Errors>):
//!
//! 1. Each error of the federated answer is one that the monolith has at that path, and none stands twice.
//! 2. Each null that an error left has an error: the one at its own path, or else one of those beneath it; which of several is not
//!    determined, since what is beneath a lost object may be left undone.
//! 3. Beneath a null that has its error, a subgraph may report others: it was asked with what was left of a lost object.
//! 4. An error beneath a lost object may stand at the object: its type decides under which of the client's keys the field would be,
//!    and nobody knows it.
//! 5. A message that a resolver worded must arrive; those that a server words for itself may differ.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{FieldError, Json, Step};

#[derive(Deserialize)]
struct Response<'r> {
    #[serde(borrow)]
    data: &'r RawValue,
    #[serde(default)]
    errors: Vec<ResponseError>,
}

#[derive(Deserialize)]
struct ResponseError {
    message: String,
    path: Option<Vec<ResponseStep>>,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
struct Extensions {
    /// The subgraph that reported it.
    service: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ResponseStep {
    Index(usize),
    Key(String),
}

/// What differs, if anything.
pub(crate) fn difference((data, errors): &(Json, Vec<FieldError>), response: &[u8]) -> Result<(), String> {
    let response: Response<'_> =
        serde_json::from_slice(response).map_err(|error| format!("the response is no response: {error}"))?;
    let mut expected = String::new();
    data.print(&mut expected);
    if response.data.get() != expected {
        let [ours, theirs] = [&expected, response.data.get()].map(serde_json::from_str::<serde_json::Value>);
        let same = ours.is_ok_and(|ours| theirs.is_ok_and(|theirs| ours == theirs));
        let what = if same { "the data come in another order" } else { "the data differ" };
        return Err(what.to_owned());
    }
    let mut seen = BTreeSet::new();
    for error in response.errors {
        let message = error.message;
        let path = error.path.ok_or_else(|| format!("an error has no path: {message}"))?;
        let path: Vec<Step> = path
            .into_iter()
            .map(|step| match step {
                ResponseStep::Index(index) => Step::Index(index),
                ResponseStep::Key(key) => Step::Key(key),
            })
            .collect();
        let Some(ours) = errors.iter().find(|ours| ours.path == path) else {
            let (length, value) = data.at(&path);
            let of_subgraph = error.extensions.service.is_some() && *value == Json::Null;
            let is_beneath = |ours: &FieldError| {
                ours.path.starts_with(&path) && ours.message.as_ref().is_none_or(|ours| *ours == message)
            };
            if of_subgraph && errors.iter().any(is_beneath) && seen.insert(path.clone()) {
                continue;
            }
            let explained = errors.iter().any(|ours| ours.path.starts_with(&path[..length]));
            if of_subgraph && length < path.len() && explained {
                continue;
            }
            return Err(format!("the monolith has no error at {path:?}: {message}"));
        };
        if ours.message.as_ref().is_some_and(|ours| *ours != message) {
            return Err(format!("the error at {path:?} should say {:?}: {message}", ours.message));
        }
        if !seen.insert(path) {
            return Err("an error is told twice".to_owned());
        }
    }
    for error in errors {
        let (length, _) = data.at(&error.path);
        let place = &error.path[..length];
        let told = if length == error.path.len() {
            seen.contains(&error.path)
        } else {
            seen.iter().any(|path| path.starts_with(place))
        };
        if !told {
            return Err(format!("no error explains the null at {place:?}: {error:?}"));
        }
    }
    Ok(())
}
