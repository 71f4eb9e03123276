//! Every message that the broker keeps, read from the earliest on, past the services.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::TryStreamExt as _;
use octavo_engines::Pulsar;
use pulsar::TokioExecutor;
use pulsar::consumer::{ConsumerOptions, InitialPosition};
use pulsar::reader::Reader;
use serde_json::Value;
use tokio::time::timeout;

/// How long the next message may take.
const PATIENCE: Duration = Duration::from_mins(3);

type Client = pulsar::Pulsar<TokioExecutor>;

/// A message as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    topic: String,
    /// Its key, its properties, and what the broker notes of it.
    metadata: String,
    body: String,
}

impl Message {
    /// Whether a text is anywhere in it, whatever the case of its letters.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        [&self.topic, &self.metadata, &self.body].into_iter().any(|part| part.to_lowercase().contains(&text))
    }
}

/// All messages of all topics in all namespaces; none was removed, since the namespace keeps each for a day.
pub(crate) async fn all(pulsar: &Pulsar) -> anyhow::Result<Vec<Message>> {
    let client = Client::builder(pulsar.url(), TokioExecutor).build().await?;
    let mut all = Vec::new();
    for tenant in listed(pulsar, "tenants").await? {
        for namespace in listed(pulsar, &format!("namespaces/{tenant}")).await? {
            for topic in listed(pulsar, &format!("persistent/{namespace}")).await? {
                let entries = entries(pulsar, &topic).await?;
                all.extend(read(&client, &topic, entries).await.with_context(|| topic)?);
            }
        }
    }
    Ok(all)
}

async fn asked(pulsar: &Pulsar, path: &str) -> anyhow::Result<Value> {
    let url = format!("{}/admin/v2/{path}", pulsar.admin_url());
    Ok(reqwest::get(&url).await?.error_for_status()?.json().await?)
}

async fn listed(pulsar: &Pulsar, path: &str) -> anyhow::Result<Vec<String>> {
    Ok(serde_json::from_value(asked(pulsar, path).await?)?)
}

/// How many entries a topic has; a service puts one message in each.
async fn entries(pulsar: &Pulsar, topic: &str) -> anyhow::Result<u64> {
    let path = topic.replacen("://", "/", 1);
    let found = asked(pulsar, &format!("{path}/internalStats")).await?;
    ensure!(found["entriesAddedCounter"] == found["numberOfEntries"], "{topic} has lost messages: {found}");
    found["numberOfEntries"].as_u64().with_context(|| format!("{topic} does not count its entries: {found}"))
}

async fn read(client: &Client, topic: &str, entries: u64) -> anyhow::Result<Vec<Message>> {
    // What the broker tells itself is in its files.
    if topic.contains("/__") || entries == 0 {
        return Ok(Vec::new());
    }
    let options = ConsumerOptions::default().with_initial_position(InitialPosition::Earliest);
    let reader = client.reader().with_topic(topic).with_options(options).into_reader();
    let mut reader: Reader<Vec<u8>, _> = Box::pin(reader).await?;
    let mut messages = Vec::new();
    for _ in 0..entries {
        let message = timeout(PATIENCE, reader.try_next()).await??.context("the topic goes on")?;
        messages.push(Message {
            topic: topic.to_owned(),
            metadata: format!("{:?}", message.metadata()),
            body: String::from_utf8_lossy(&message.payload.data).into_owned(),
        });
    }
    Ok(messages)
}
