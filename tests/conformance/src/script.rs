//! A script of requests, as a corpus file has it.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The requests to one service, in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Documents that steps name.
    pub documents: BTreeMap<String, String>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One request, or one for each of several sets of variables.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step shows.
    pub say: String,
    /// The name of a document.
    pub ask: String,
    /// Variables. A text that begins with `=` stands for a value that an earlier step kept.
    #[serde(default, rename = "with")]
    pub variables: Map<String, Value>,
    /// For each of these one request, with these variables besides.
    #[serde(default)]
    pub each: Vec<Map<String, Value>>,
    /// Who asks.
    #[serde(default, rename = "as")]
    pub caller: String,
    /// What to keep of the last answer: a name, and a JSON pointer into the answer.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

impl Script {
    /// Reads a corpus file.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let script: Self = serde_saphyr::from_str(text).context("a corpus file cannot be read")?;
        for step in &script.steps {
            let known = script.documents.contains_key(&step.ask);
            anyhow::ensure!(known, "step `{}` asks `{}`, which is no document", step.say, step.ask);
        }
        Ok(script)
    }

    /// How many requests it makes.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.steps.iter().map(|step| step.each.len().max(1)).sum()
    }
}
