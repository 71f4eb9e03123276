//! The way to a collector: OTLP over HTTP, in batches, on a thread of its own.
//!
//! What the standard variables say (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`,
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_*` and so on) the libraries read themselves. At most so many spans wait as
//! `OTEL_BSP_MAX_QUEUE_SIZE` says (2048); what comes on top is dropped, and nobody waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData};

use crate::span;

/// How long a stop waits for the last spans to leave.
const FLUSH: Duration = Duration::from_secs(5);
/// What switches tracing on.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// The variables that [`start`] asks for.
pub const VARIABLES: [&str; 5] =
    [ENDPOINTS[0], ENDPOINTS[1], "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER"];

/// What a configuration says; variables of the environment go before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The collector's address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it: `http://collector:4318`.
    pub endpoint: Option<String>,
    /// What the process is called, when `OTEL_SERVICE_NAME` does not say.
    pub service_name: String,
    /// How many of the traces that begin here are told, 0 to 1, when `OTEL_TRACES_SAMPLER` does not say.
    pub ratio: Option<f64>,
}

/// Why traces cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address of the collector cannot be used.
    #[error("the collector's address `{0}` cannot be used: give an http URL such as http://localhost:4318")]
    Endpoint(String),
    /// The ratio is none.
    #[error("the ratio of traces that are told is {0}: give a number from 0 to 1")]
    Ratio(f64),
    /// The exporter cannot be made.
    #[error("traces cannot be told: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// The tracing of this process. What waits leaves when it is stopped.
#[derive(Debug)]
pub struct Tracing(Option<SdkTracerProvider>);

/// Switches tracing on for this process, if `variable` or `settings` name a collector.
pub fn start(
    settings: &Settings,
    variable: impl Fn(&'static str) -> Option<String>,
) -> Result<Tracing, StartError> {
    let given = |name| variable(name).filter(|text| !text.trim().is_empty());
    let of_environment = ENDPOINTS.into_iter().find_map(given);
    let disabled = given("OTEL_SDK_DISABLED").is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
    let Some(endpoint) = of_environment.as_ref().or(settings.endpoint.as_ref()).filter(|_| !disabled) else {
        return Ok(Tracing(None));
    };
    // The client that sends has no TLS: a collector stands beside the process, or an agent of it.
    if !endpoint.trim().starts_with("http://") {
        return Err(StartError::Endpoint(endpoint.clone()));
    }
    let mut exporter = SpanExporter::builder().with_http();
    if of_environment.is_none() {
        exporter = exporter.with_endpoint(format!("{}/v1/traces", endpoint.trim().trim_end_matches('/')));
    }
    let mut resource = Resource::builder();
    if given("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(settings.service_name.clone());
    }
    let mut provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(Telling { inner: exporter.build()?, is_away: AtomicBool::new(false) });
    if let Some(ratio) = settings.ratio.filter(|_| given("OTEL_TRACES_SAMPLER").is_none()) {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(StartError::Ratio(ratio));
        }
        provider = provider.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))));
    }
    let provider = provider.build();
    span::install(&provider);
    Ok(Tracing(Some(provider)))
}

impl Tracing {
    /// Sends what waits, and ends; within five seconds. Must be called inside a tokio runtime.
    pub async fn stop(self) {
        let Some(provider) = self.0 else { return };
        // A collector that does not take it has been told of already.
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH)).await;
    }
}

/// An exporter that says once when its collector goes away, and once when it is back.
#[derive(Debug)]
struct Telling {
    inner: SpanExporter,
    is_away: AtomicBool,
}

impl opentelemetry_sdk::trace::SpanExporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.inner.export(batch).await;
        let was_away = self.is_away.swap(exported.is_err(), Ordering::Relaxed);
        match &exported {
            Err(error) if !was_away => {
                tracing::warn!(%error, "the collector of traces is away; traces are lost meanwhile");
            }
            Ok(()) if was_away => tracing::info!("the collector of traces is back"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
