//! Runs a script, and writes down what was answered.

use std::collections::BTreeMap;

use anyhow::Context;
use lms_kit::{Service, service::Headers};
use serde_json::{Map, Value, json};

use crate::script::{Script, Step};

/// What a service answered to a script, a line a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript(pub String);

/// Runs a script against a service.
pub async fn run(script: &Script, service: &Service) -> anyhow::Result<Transcript> {
    let mut kept = BTreeMap::new();
    let mut lines = String::new();
    for step in &script.steps {
        lines.extend(["# ", &step.say, "\n"]);
        let alone = [Map::new()];
        let sets = if step.each.is_empty() { alone.as_slice() } else { &step.each };
        for set in sets {
            let answer = ask(script, step, set, &kept, service).await?;
            lines += &answer;
            lines.push('\n');
            keep(step, &answer, &mut kept)?;
        }
    }
    Ok(Transcript(lines))
}

async fn ask(
    script: &Script,
    step: &Step,
    set: &Map<String, Value>,
    kept: &BTreeMap<String, Value>,
    service: &Service,
) -> anyhow::Result<String> {
    let mut variables = step.variables.clone();
    variables.extend(set.clone());
    let variables = fill(Value::Object(variables), kept).with_context(|| format!("in `{}`", step.say))?;
    let body = json!({ "query": script.documents[&step.ask], "variables": variables }).to_string();
    let headers = Headers { caller: step.caller.clone(), ..Headers::default() };
    Ok(String::from_utf8(service.answer(body.as_bytes(), headers).await)?)
}

fn keep(step: &Step, answer: &str, kept: &mut BTreeMap<String, Value>) -> anyhow::Result<()> {
    let answer: Value = serde_json::from_str(answer)?;
    for (name, pointer) in &step.keep {
        let value =
            answer.pointer(pointer).with_context(|| format!("`{}`: no {pointer} in {answer}", step.say))?;
        kept.insert(name.clone(), value.clone());
    }
    Ok(())
}

/// Puts kept values in the places of their names.
fn fill(value: Value, kept: &BTreeMap<String, Value>) -> anyhow::Result<Value> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('=') {
            Some(name) => kept.get(name).with_context(|| format!("nothing was kept as `{name}`"))?.clone(),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|item| fill(item, kept)).collect::<Result<_, _>>()?,
        Value::Object(fields) => {
            let filled = fields.into_iter().map(|(name, value)| Ok((name, fill(value, kept)?)));
            Value::Object(filled.collect::<anyhow::Result<_>>()?)
        }
        other => other,
    })
}
