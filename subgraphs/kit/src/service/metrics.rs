//! What a service measures of itself, in the `OpenMetrics` text format that Prometheus reads: the answer to `GET /metrics`.

use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use octavo_admission::Load;
use prometheus_client::{
    encoding::text,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Service;
use crate::{
    bus::MessageKind,
    error::StoreError,
    inbox::InboxBacklog,
    watch::{Heard, Peer, PeerError, Traffic},
};

/// What each metric's name begins with.
const PREFIX: &str = "lms";

/// The names and values that tell samples of one metric from one another.
pub type Labels = Vec<(&'static str, String)>;

/// A gauge with its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Its name, `lms_` left out; it ends with its unit, if it has one.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Its samples.
    pub samples: Vec<(Labels, f64)>,
}

/// What a service measures beside what every service does.
#[async_trait]
pub trait Measures: Send + Sync {
    /// As it is now.
    async fn measure(&self) -> Result<Vec<Measure>, StoreError>;
}

impl Service {
    /// All that is measured, as text.
    pub async fn metrics(&self) -> Result<String, PeerError> {
        let mut measures = match self.traffic().await {
            Ok(traffic) => of_traffic(&traffic),
            Err(PeerError::KeepsNothing) => Vec::new(),
            Err(error) => return Err(error),
        };
        let statements = Measure {
            name: "database_statements",
            help: "Statements that were sent to the database since the start",
            samples: vec![(Vec::new(), float(i64::try_from(self.statements()).unwrap_or(i64::MAX)))],
        };
        measures.push(statements);
        measures.extend(of_load(self.admission.load()));
        if let Some(own) = &self.inner.measures {
            measures.extend(own.measure().await?);
        }
        Ok(written(self.name(), measures))
    }
}

/// How much there is to do.
fn of_load(load: Load) -> [Measure; 3] {
    let own = |name, help, value| Measure { name, help, samples: vec![(Vec::new(), value)] };
    let number = |count: usize| float(i64::try_from(count).unwrap_or(i64::MAX));
    let refused = float(i64::try_from(load.refused).unwrap_or(i64::MAX));
    [
        own("requests_in_flight", "Requests that are worked on", number(load.in_flight)),
        own("requests_waiting", "Requests that wait for a place", number(load.waiting)),
        own("requests_refused", "Requests that were too many, since the start", refused),
    ]
}

/// Adds the service to each sample, and writes them all.
fn written(service: &str, measures: Vec<Measure>) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    for Measure { name, help, samples } in measures {
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (mut labels, value) in samples {
            labels.insert(0, ("service", service.to_owned()));
            family.get_or_create(&labels).set(value);
        }
        registry.register(name, help, family);
    }
    let mut out = String::new();
    text::encode(&mut out, &registry).expect("writing to a string succeeds");
    out
}

/// What waits to leave, and what has come and waits.
fn of_traffic(traffic: &Traffic) -> Vec<Measure> {
    let outbox = traffic.outbox;
    let own = |name, help, value| Measure { name, help, samples: vec![(Vec::new(), value)] };
    let mut measures = vec![
        own("outbox_events", "Messages that have not left", float(outbox.events)),
        own(
            "outbox_oldest_seconds",
            "How long the oldest message that has not left has waited",
            seconds(outbox.oldest_ms.unwrap_or_default()),
        ),
        own("outbox_stuck", "Aggregates whose messages cannot leave", float(outbox.stuck)),
    ];
    let waiting = |name, help, value: fn(&InboxBacklog) -> f64| Measure {
        name,
        help,
        samples: traffic.hears.iter().flat_map(|heard| waiting_samples(heard, value)).collect(),
    };
    measures.extend([
        waiting("inbox_events", "Messages that have come and are not applied", |of| float(of.events)),
        waiting("inbox_oldest_seconds", "How long the oldest of them has waited", |of| {
            seconds(of.oldest_ms.unwrap_or_default())
        }),
        waiting("inbox_parked", "Sequences that wait for an event which has not come", |of| float(of.parked)),
        waiting("inbox_oldest_parked_seconds", "How long the oldest of those has waited", |of| {
            seconds(of.oldest_parked_ms.unwrap_or_default())
        }),
        waiting("inbox_dead_letters", "Messages that could not be applied", |of| float(of.dead)),
    ]);
    measures
}

fn waiting_samples(heard: &Heard, value: fn(&InboxBacklog) -> f64) -> Vec<(Labels, f64)> {
    let labels = |source: &str, kind: &str| {
        vec![("consumer", heard.consumer.clone()), ("source", source.to_owned()), ("kind", kind.to_owned())]
    };
    if heard.waiting.is_empty() {
        // A series that is absent cannot be told from one that was never there.
        return vec![(labels("", ""), 0.0)];
    }
    let waiting = heard.waiting.iter();
    waiting.map(|waiting| (labels(&waiting.source, word(waiting.kind)), value(&waiting.backlog))).collect()
}

fn word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Events => "events",
        MessageKind::Commands => "commands",
        MessageKind::Replies => "replies",
    }
}

/// A length of time in seconds, from ms.
#[must_use]
pub fn seconds(ms: i64) -> f64 {
    float(ms) / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes to 2^53")]
fn float(number: i64) -> f64 {
    number as f64
}
