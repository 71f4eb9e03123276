//! Clients that ask again as soon as they are answered, and what came of it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use octavo_e2e::Running;
use reqwest::{Client, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    graph::OPERATION,
    stand_ins::StandIns,
    usage::{peak_mib, processor_time},
};

/// For how long clients ask before what they do counts.
const WARM_UP: Duration = Duration::from_secs(2);

/// What was measured.
pub(crate) struct Figures {
    joining: &'static str,
    clients: usize,
    length: Duration,
    /// How long each answer took, in order.
    sorted: Vec<Duration>,
    /// How much the gateway's processors have worked.
    processor: Duration,
    upstream_calls: usize,
    peak_mib: u64,
    answer_bytes: usize,
}

impl Figures {
    /// What stands in each place of a line.
    pub(crate) const HEAD: &str = "requests  clients   a second   processor each        p50        p99   upstream calls each   peak       answer";

    /// How many calls to subgraphs one answer took.
    #[expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]
    pub(crate) fn calls_each(&self) -> f64 {
        self.upstream_calls as f64 / self.sorted.len().max(1) as f64
    }

    fn at(&self, share: usize) -> Duration {
        self.sorted.get((self.sorted.len().max(1) - 1) * share / 100).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    #[expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = self.sorted.len().max(1);
        let (a_second, each) =
            (answered as f64 / self.length.as_secs_f64(), self.processor.as_secs_f64() / answered as f64);
        let calls = self.calls_each();
        let [p50, p99] = [50, 99].map(|share| self.at(share).as_secs_f64() * 1e3);
        write!(
            out,
            "{:8}  {:7}   {a_second:8.0}   {:11.0} µs   {p50:5.1} ms   {p99:5.1} ms   {calls:19.2}   {:3} MiB   {:4} kB",
            self.joining,
            self.clients,
            each * 1e6,
            self.peak_mib,
            self.answer_bytes / 1000
        )
    }
}

/// Measures the gateway; each answer must be the first one, byte for byte.
pub(crate) async fn measure(
    gateway: &Running,
    stand_ins: &StandIns,
    (joining, clients): (&'static str, usize),
    length: Duration,
) -> anyhow::Result<Figures> {
    let asking = Asking::new(gateway).await?;
    asking.all(clients, WARM_UP).await?;
    let (calls, processor) = (stand_ins.calls(), processor_time(gateway.pid())?);
    let began = Instant::now();
    let mut sorted = asking.all(clients, length).await?;
    let took = began.elapsed();
    sorted.sort_unstable();
    Ok(Figures {
        joining,
        clients,
        length: took,
        sorted,
        processor: processor_time(gateway.pid())?.saturating_sub(processor),
        upstream_calls: stand_ins.calls() - calls,
        peak_mib: peak_mib(gateway.pid())?,
        answer_bytes: asking.answer.len(),
    })
}

/// The one request, and its answer.
struct Asking {
    client: Client,
    url: String,
    body: Bytes,
    answer: Bytes,
}

impl Asking {
    async fn new(gateway: &Running) -> anyhow::Result<Self> {
        let (client, url) = (Client::new(), format!("http://{}/graphql", gateway.address()));
        let body = Bytes::from(json!({ "query": OPERATION }).to_string());
        let mut asking = Self { client, url, body, answer: Bytes::new() };
        asking.answer = asking.once().await?;
        let answer: Value = serde_json::from_slice(&asking.answer).context("no JSON")?;
        ensure!(answer.get("errors").is_none(), "{}", answer["errors"]);
        ensure!(answer["data"]["users"].as_array().is_some_and(|users| !users.is_empty()), "{answer}");
        Ok(asking)
    }

    async fn once(&self) -> anyhow::Result<Bytes> {
        let request =
            self.client.post(&self.url).header(CONTENT_TYPE, "application/json").body(self.body.clone());
        Ok(request.send().await?.error_for_status()?.bytes().await?)
    }

    /// How long each answer took to each of so many clients.
    async fn all(&self, clients: usize, length: Duration) -> anyhow::Result<Vec<Duration>> {
        let until = Instant::now() + length;
        let each = (0..clients).map(async |_| {
            let mut took = Vec::new();
            while Instant::now() < until {
                let began = Instant::now();
                let answer = self.once().await?;
                took.push(began.elapsed());
                ensure!(answer == self.answer, "an answer differs from the first one: {answer:?}");
            }
            anyhow::Ok(took)
        });
        Ok(try_join_all(each).await?.concat())
    }
}
