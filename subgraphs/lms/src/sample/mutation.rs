//! A mutation of a service, run for many inputs.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use lms_kit::{Service, service::Headers};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Who the services are told it is.
const CALLER: &str = "sample";

/// A mutation whose answer is `done { entity { … } problems { message path } }`.
pub(crate) struct Mutation<'s> {
    pub(crate) service: &'s Service,
    pub(crate) text: &'static str,
    /// The field of the entity that names it.
    pub(crate) id: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Done>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct Done {
    done: Payload,
}

#[derive(Deserialize)]
struct Payload {
    entity: Option<Value>,
    problems: Vec<Value>,
}

impl Mutation<'_> {
    /// Runs it for each input, which has a name; the identifiers that came of it, by name.
    pub(crate) async fn all(
        &self,
        inputs: impl Iterator<Item = (String, Value)>,
    ) -> Result<BTreeMap<String, String>> {
        let mut ids = BTreeMap::new();
        for (name, input) in inputs {
            let id = run(self.service, self.text, self.id, &name, input).await?;
            ids.insert(name, id);
        }
        Ok(ids)
    }

    /// The same with all inputs under way at once, where each is much work.
    pub(crate) async fn all_at_once(
        &self,
        inputs: impl Iterator<Item = (String, Value)>,
    ) -> Result<BTreeMap<String, String>> {
        let mut running = JoinSet::new();
        for (name, input) in inputs {
            let (service, text, id) = (self.service.clone(), self.text, self.id);
            running.spawn(async move {
                let id = run(&service, text, id, &name, input).await?;
                anyhow::Ok((name, id))
            });
        }
        let mut ids = BTreeMap::new();
        while let Some(ended) = running.join_next().await {
            ids.extend([ended??]);
        }
        Ok(ids)
    }
}

async fn run(service: &Service, text: &str, id: &str, name: &str, mut input: Value) -> Result<String> {
    input["key"] = json!(format!("{} {name}", service.name()));
    let body = serde_json::to_vec(&json!({ "query": text, "variables": input }))?;
    let headers = Headers { caller: CALLER.to_owned(), ..Headers::default() };
    let answer = service.answer(&body, headers).await;
    let Answer { data, errors } =
        serde_json::from_slice(&answer).context("a service's answer is not GraphQL")?;
    let Some(Done { done: Payload { entity: Some(entity), .. } }) = &data else {
        let problems = data.map(|data| data.done.problems).unwrap_or_default();
        bail!("{} refuses {name}: {}", service.name(), json!([problems, errors]));
    };
    Ok(entity[id].as_str().context("an entity has no identifier")?.to_owned())
}
