//! GraphQL over HTTP, as a client sends it.

use std::net::SocketAddr;

use anyhow::Context;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What `octavo-cache` says; empty without it.
    pub cache: String,
    /// The body's bytes as text.
    pub text: String,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The data of an answer without errors.
    pub fn data(&self) -> anyhow::Result<&Value> {
        anyhow::ensure!(self.status == 200 && self.body.get("errors").is_none(), "{}", self.text);
        Ok(&self.body["data"])
    }
}

/// Sends a document with variables.
pub async fn ask(address: SocketAddr, query: &str, variables: Value) -> anyhow::Result<Answer> {
    post(address, json!({ "query": query, "variables": variables }).to_string()).await
}

/// The same as the bearer of a token; without one if it is empty.
pub async fn ask_as(
    address: SocketAddr,
    token: &str,
    query: &str,
    variables: Value,
) -> anyhow::Result<Answer> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = request(address, body);
    send(address, if token.is_empty() { request } else { request.bearer_auth(token) }).await
}

/// Sends a body as it is; what comes back must be JSON.
pub async fn post(address: SocketAddr, body: String) -> anyhow::Result<Answer> {
    send(address, request(address, body)).await
}

fn request(address: SocketAddr, body: String) -> RequestBuilder {
    let request = Client::new().post(format!("http://{address}/graphql"));
    request.header("content-type", "application/json").body(body)
}

async fn send(address: SocketAddr, request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await.with_context(|| format!("{address} does not answer"))?;
    let status = response.status().as_u16();
    let cache = response.headers().get("octavo-cache").and_then(|value| value.to_str().ok());
    let cache = cache.unwrap_or_default().to_owned();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).with_context(|| format!("{status} and no JSON: {text}"))?;
    Ok(Answer { status, cache, text, body })
}
