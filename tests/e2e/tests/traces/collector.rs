//! A collector of traces that keeps what it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tokio::net::TcpListener;

/// What was told, as it came.
type Told = Arc<Mutex<Vec<Bytes>>>;

/// OTLP over HTTP on a free port.
pub(crate) struct Collector {
    address: SocketAddr,
    told: Told,
}

/// A span as a test looks at it; identifiers in hexadecimal.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What the process that told it is called.
    pub(crate) process: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) links: Vec<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Seen {
    /// What an attribute says; empty without it.
    pub(crate) fn says(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

impl Collector {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, told) = (listener.local_addr()?, Told::default());
        let keep = async |State(told): State<Told>, body: Bytes| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        };
        let router = Router::new().route("/v1/traces", post(keep)).with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, told })
    }

    /// Where it listens, as the standard variable says it.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All bytes that came.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }

    /// All spans that came.
    pub(crate) fn spans(&self) -> anyhow::Result<Vec<Seen>> {
        let mut spans = Vec::new();
        for body in self.told.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let request = ExportTraceServiceRequest::decode(body.clone()).context("it is no OTLP")?;
            let told = request.resource_spans.into_iter().flat_map(|told| {
                let process = name(told.resource.unwrap_or_default());
                let spans = told.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.map(move |span| (process.clone(), span))
            });
            spans.extend(told.map(|(process, span)| {
                Seen {
                    process,
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    name: span.name,
                    links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
                    attributes: span
                        .attributes
                        .into_iter()
                        .map(|pair| (pair.key, text(pair.value.and_then(|value| value.value))))
                        .collect(),
                }
            }));
        }
        Ok(spans)
    }
}

/// What a process calls itself.
fn name(resource: Resource) -> String {
    let named = resource.attributes.into_iter().find(|pair| pair.key == "service.name");
    text(named.and_then(|pair| pair.value?.value))
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
