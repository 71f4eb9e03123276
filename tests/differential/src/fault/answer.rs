//! Mistakes of subgraphs, and of whoever writes a response.

use serde_json::Value;

use super::Fault;

/// Spoils what a subgraph answers.
pub(super) fn spoil_answer(fault: Fault, answer: String, before: Option<&str>) -> String {
    match fault {
        Fault::AnswerStale => before.map_or(answer, str::to_owned),
        Fault::TypenameWrong => {
            answer.replacen("\"__typename\":\"Entity0\"", "\"__typename\":\"Entity1\"", 1)
        }
        Fault::EntitiesSwapped => with_entities(answer, |entities| {
            if entities.len() > 1 {
                entities.swap(0, 1);
            }
        }),
        Fault::EntityNull => with_entities(answer, |entities| {
            if let Some(first) = entities.first_mut() {
                *first = Value::Null;
            }
        }),
        Fault::ErrorsLost => match answer.find(",\"errors\":") {
            Some(at) => answer[..at].to_owned() + "}",
            None => answer,
        },
        _ => answer,
    }
}

/// Spoils the response.
pub(super) fn spoil_response(fault: Fault, response: String) -> String {
    let Some(at) = response.find(",\"errors\":") else {
        return if fault == Fault::NumbersRewritten { rewritten(response) } else { response };
    };
    let Ok(Value::Array(mut errors)) = serde_json::from_str(&response[at + 10..response.len() - 1]) else {
        return response;
    };
    match fault {
        Fault::ErrorDropped => drop(errors.pop()),
        Fault::ErrorTwice => errors.extend(errors.first().cloned()),
        Fault::PathLost => {
            if let Some(Value::Object(error)) = errors.first_mut() {
                error.remove("path");
            }
        }
        _ => return response,
    }
    format!("{},\"errors\":{}}}", &response[..at], Value::Array(errors))
}

fn rewritten(response: String) -> String {
    serde_json::from_str::<Value>(&response).map_or(response, |value| value.to_string())
}

/// Changes the entities of an answer that has any.
fn with_entities(answer: String, change: impl Fn(&mut Vec<Value>)) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(&answer) else { return answer };
    let Some(Value::Object(data)) = value.get_mut("data") else { return answer };
    let mut entities = data.iter_mut().filter(|(key, _)| key.starts_with("_e")).peekable();
    if entities.peek().is_none() {
        return answer;
    }
    for (_, list) in entities {
        if let Value::Array(list) = list {
            change(list);
        }
    }
    value.to_string()
}
