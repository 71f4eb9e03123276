//! `/metrics`: what the gateway measures of itself, in the text format of `OpenMetrics`.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::header::CONTENT_TYPE;
use octavo_admission::Load;
use octavo_executor::{CacheHearing, CachePort};

use crate::Gateway;

const TEXT: [(HeaderName, &str); 1] =
    [(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];

pub(crate) async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    let hearing = gateway.cache().and_then(CachePort::hearing);
    let text = of_load(gateway.admission().load()) + &hearing.map(of_hearing).unwrap_or_default();
    (TEXT, text + "# EOF\n").into_response()
}

/// Name, kind, what it is, and its value.
type Measured = (&'static str, &'static str, &'static str, String);

/// How much there is to do.
fn of_load(load: Load) -> String {
    let Load { in_flight, waiting, refused } = load;
    written(&[
        ("octavo_requests_in_flight", "gauge", "Requests that are worked on", in_flight.to_string()),
        ("octavo_requests_waiting", "gauge", "Requests that wait for a place", waiting.to_string()),
        (
            "octavo_requests_refused",
            "counter",
            "Requests that were too many, since the start",
            refused.to_string(),
        ),
    ])
}

/// How the cache hears of changes.
fn of_hearing(hearing: CacheHearing) -> String {
    let CacheHearing { connected, messages, last_ms, lag_ms } = hearing;
    written(&[
        (
            "octavo_cache_hearing",
            "gauge",
            "Whether the cache hears of changes",
            u8::from(connected).to_string(),
        ),
        ("octavo_cache_heard", "counter", "Messages heard since the start", messages.to_string()),
        ("octavo_cache_heard_timestamp_seconds", "gauge", "When the last was heard", seconds(last_ms)),
        ("octavo_cache_lag_seconds", "gauge", "How long the last was on its way", seconds(lag_ms)),
    ])
}

fn written(measures: &[Measured]) -> String {
    measures.iter().fold(String::new(), |mut text, (name, kind, help, value)| {
        let suffix = if *kind == "counter" { "_total" } else { "" };
        // Writing to a text never fails.
        let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {help}.\n{name}{suffix} {value}");
        text
    })
}

fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let size = milliseconds.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

#[cfg(test)]
mod tests {
    use octavo_executor::CacheHearing;

    use super::of_hearing;

    #[test]
    fn what_the_cache_hears_is_told_with_its_units() {
        let hearing = CacheHearing { connected: true, messages: 7, last_ms: 1_700_000_000_042, lag_ms: -5 };
        let text = of_hearing(hearing);
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "octavo_cache_hearing 1",
                "octavo_cache_heard_total 7",
                "octavo_cache_heard_timestamp_seconds 1700000000.042",
                "octavo_cache_lag_seconds -0.005",
            ]
        );
    }
}
