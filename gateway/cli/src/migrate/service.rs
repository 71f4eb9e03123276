//! Services, asked over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exit::Failure;

/// How long a service may take to tell how it stands. A step itself may take as long as its database needs.
const PATIENCE: Duration = Duration::from_secs(15);

/// What each service answered, or why it did not; nothing from one that keeps nothing.
pub(super) type Answers<T> = Vec<(String, Result<Option<T>, String>)>;

/// How a service stands.
#[derive(Deserialize, Serialize)]
pub(super) struct Standing {
    pub(super) ledger: Vec<Applied>,
    pub(super) pending: Vec<Pending>,
    pub(super) processes: Vec<Process>,
    /// What is still in use, as the service says it.
    pub(super) minima: Value,
}

/// A migration that was applied.
#[derive(Deserialize, Serialize)]
pub(super) struct Applied {
    pub(super) owner: String,
    pub(super) version: u32,
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) checksum: String,
    /// When, in ms since the Unix epoch.
    #[serde(rename = "applied_at")]
    pub(super) at: i64,
    pub(super) by: String,
}

/// A migration that was not.
#[derive(Deserialize, Serialize)]
pub(super) struct Pending {
    pub(super) step: String,
    pub(super) name: String,
    pub(super) phase: String,
    pub(super) requires: Vec<String>,
}

/// A process of a service.
#[derive(Deserialize, Serialize)]
pub(super) struct Process {
    pub(super) id: String,
    pub(super) release: String,
}

/// A step that takes something away, and what became of it.
#[derive(Deserialize, Serialize)]
pub(super) struct Step {
    #[serde(rename = "step")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) requires: Vec<String>,
    pub(super) unmet: Vec<String>,
    pub(super) applied: bool,
}

/// `NAME=URL`.
pub(super) fn named(text: &str) -> Result<(String, Url), String> {
    let (name, url) = text.split_once('=').ok_or("a `=` is missing between the name and the URL")?;
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    if !url.has_host() {
        return Err("the URL names no host".to_owned());
    }
    Ok((name.to_owned(), url))
}

/// The services, by name.
pub(super) struct Services {
    client: Client,
    urls: BTreeMap<String, Url>,
    token: Option<String>,
}

impl Services {
    pub(super) fn new(named: &[(String, Url)], token: Option<String>) -> Result<Self, Failure> {
        let client = Client::builder().connect_timeout(PATIENCE).build();
        let client = client.map_err(|error| Failure::System(format!("services cannot be asked: {error}")))?;
        let mut urls = BTreeMap::new();
        for (name, url) in named {
            if urls.insert(name.clone(), url.clone()).is_some() {
                return Err(Failure::Usage(format!("the service {name} is named twice")));
            }
        }
        Ok(Self { client, urls, token })
    }

    /// How each of them stands.
    pub(super) async fn standings(&self) -> Answers<Standing> {
        let mut answers = Vec::new();
        for (name, url) in &self.urls {
            let asked = self.ask(url, Method::GET, "migrations", None, Some(PATIENCE)).await;
            answers.push((name.clone(), asked));
        }
        answers
    }

    /// The steps of each that take something away, one service after the other: applied, or only looked at.
    pub(super) async fn contract(&self, apply: bool) -> Answers<Vec<Step>> {
        let wish = self.urls.iter().map(|(name, url)| (name, url.as_str())).collect::<BTreeMap<_, _>>();
        let wish = json!({ "services": wish, "apply": apply });
        let mut answers = Vec::new();
        for (name, url) in &self.urls {
            let asked = self.ask(url, Method::POST, "migrations/contract", Some(&wish), None).await;
            answers.push((name.clone(), asked));
        }
        answers
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        url: &Url,
        method: Method,
        path: &str,
        body: Option<&Value>,
        within: Option<Duration>,
    ) -> Result<Option<T>, String> {
        let mut request = self.client.request(method, url.join(path).map_err(|error| error.to_string())?);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(within) = within {
            request = request.timeout(within);
        }
        let answer =
            request.send().await.map_err(|error| format!("nobody answers: {}", innermost(&error)))?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK => answer.json().await.map(Some).map_err(|error| {
                format!("it answers with something else than was asked: {}", innermost(&error))
            }),
            status => Err(refusal(status, &answer.text().await.unwrap_or_default())),
        }
    }
}

/// The most characters of an answer that are shown.
const SHOWN: usize = 500;

fn refusal(status: StatusCode, text: &str) -> String {
    let text: String = text.trim().chars().take(SHOWN).collect();
    if text.is_empty() { format!("it answers with {status}") } else { format!("{text} ({status})") }
}

/// What lies behind an error: the outer ones repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
