//! `Accept`: the media type of the answer, whether it may come in parts or as events, and whether a browser asks for a page.

use http::HeaderMap;
use http::header::ACCEPT;
use octavo_executor::IncrementalFormat;

/// How an answer is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the status says how the request went.
    GraphqlResponse,
    /// `application/json`: for clients that came before the other.
    Json,
    /// `text/event-stream`: for clients that take every answer as an event.
    Events,
}

impl MediaType {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Events => "text/event-stream; charset=utf-8",
        }
    }

    /// The type that the client likes best, the first of equals; `None` when it accepts neither.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut best = None;
        let mut any = false;
        for Range { name, quality, .. } in ranges(headers) {
            any = true;
            let media = match name.as_str() {
                "application/graphql-response+json" => Self::GraphqlResponse,
                // What is only taken in parts is refused as JSON.
                "application/json" | "application/*" | "*/*" | MULTIPART => Self::Json,
                EVENTS => Self::Events,
                _ => continue,
            };
            let quality =
                if [MULTIPART, EVENTS].contains(&name.as_str()) { quality.min(LEAST) } else { quality };
            if quality > 0.0 && best.is_none_or(|(_, other)| quality > other) {
                best = Some((media, quality));
            }
        }
        if any { best.map(|(media, _)| media) } else { Some(Self::Json) }
    }
}

/// Whether the client asks for HTML before anything else that is served here, as browsers do for a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    ranges(headers).any(|range| range.name == "text/html" && range.quality > 0.0)
}

/// The format of a response in parts, if the client likes one no less than a whole; without a parameter, the newer one.
pub(crate) fn incremental(headers: &HeaderMap) -> Option<IncrementalFormat> {
    let whole = ranges(headers).filter(|range| range.name.starts_with("application/"));
    let whole = whole.map(|range| range.quality).fold(0.0, f32::max);
    let mut taken = ranges(headers).filter(|range| range.name == MULTIPART && range.quality > 0.0);
    taken.find_map(|range| range.format().filter(|_| range.quality >= whole))
}

/// How the events of a subscription are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventFormat {
    /// `text/event-stream`, see <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, "distinct connections".
    ServerSent,
    /// `multipart/mixed;subscriptionSpec=1.0`, see
    /// <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>.
    Multipart,
}

impl EventFormat {
    /// The format that the client likes best, the first of equals; `None` when it takes no events.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in ranges(headers).filter(|range| range.quality > 0.0) {
            let format = match (range.name.as_str(), range.parameter("subscriptionSpec")) {
                (EVENTS, _) => Self::ServerSent,
                (MULTIPART, Some("1.0")) => Self::Multipart,
                _ => continue,
            };
            if best.is_none_or(|(_, quality)| range.quality > quality) {
                best = Some((format, range.quality));
            }
        }
        best.map(|(format, _)| format)
    }
}

const EVENTS: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed";
/// Less than any quality that a client gives.
const LEAST: f32 = 0.000_1;

/// A media range of `Accept`.
struct Range<'h> {
    /// In lower case.
    name: String,
    parameters: &'h str,
    quality: f32,
}

impl Range<'_> {
    /// The value of a parameter, without quotes.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let value = parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?.1;
        Some(value.trim().trim_matches('"'))
    }

    /// The format that a multipart range asks for; `None` for one that is not spoken here.
    fn format(&self) -> Option<IncrementalFormat> {
        match (self.parameter("deferSpec"), self.parameter("incrementalSpec")) {
            (Some("20220824"), _) => Some(IncrementalFormat::Defer20220824),
            (None, Some("v0.2")) => Some(IncrementalFormat::V02),
            (None, None) if self.parameter("subscriptionSpec").is_none() => Some(IncrementalFormat::V02),
            _ => None,
        }
    }
}

/// The media ranges with their quality, in order.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|range| {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let name = Some(name.trim()).filter(|name| !name.is_empty())?.to_ascii_lowercase();
        let range = Range { name, parameters, quality: 1.0 };
        let quality = range.parameter("q").map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        Some(Range { quality, ..range })
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::ACCEPT;

    use octavo_executor::IncrementalFormat::{Defer20220824, V02};

    use super::{EventFormat, MediaType, incremental, wants_page};

    fn accept(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().expect("a header value"));
        headers
    }

    #[test]
    fn clients_get_the_type_they_like_best() {
        let cases = [
            ("application/graphql-response+json,application/json;q=0.9", Some(MediaType::GraphqlResponse)),
            (
                "application/json;q=0.5, application/graphql-response+json;q=0.9",
                Some(MediaType::GraphqlResponse),
            ),
            ("application/json, multipart/mixed", Some(MediaType::Json)),
            (
                "application/graphql-response+json, application/graphql+json, application/json, text/event-stream",
                Some(MediaType::GraphqlResponse),
            ),
            ("*/*", Some(MediaType::Json)),
            ("application/json; charset=utf-8", Some(MediaType::Json)),
            ("multipart/mixed, application/json;q=0.1", Some(MediaType::Json)),
            ("multipart/mixed;deferSpec=20220824", Some(MediaType::Json)),
            ("text/event-stream", Some(MediaType::Events)),
            ("text/event-stream, application/json;q=0.1", Some(MediaType::Json)),
            ("text/plain", None),
            ("application/json;q=0", None),
        ];
        for (value, expected) in cases {
            assert_eq!(MediaType::negotiate(&accept(value)), expected, "{value}");
        }
        assert_eq!(MediaType::negotiate(&HeaderMap::new()), Some(MediaType::Json));
    }

    #[test]
    fn parts_come_in_the_format_that_is_asked_for() {
        let cases = [
            (
                "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9",
                Some(Defer20220824),
            ),
            ("multipart/mixed; incrementalSpec=\"v0.2\", application/json", Some(V02)),
            ("application/json, multipart/mixed", Some(V02)),
            ("multipart/mixed;deferSpec=20990101, application/json", None),
            ("multipart/mixed;q=0, application/json", None),
            ("application/json, multipart/mixed;q=0.5", None),
            ("MULTIPART/MIXED; DeferSpec=20220824", Some(Defer20220824)),
            ("multipart/mixed;subscriptionSpec=1.0, application/json", None),
            ("application/json, */*", None),
        ];
        for (value, expected) in cases {
            assert_eq!(incremental(&accept(value)), expected, "{value}");
        }
    }

    #[test]
    fn events_come_in_the_format_that_is_asked_for() {
        let cases = [
            ("text/event-stream", Some(EventFormat::ServerSent)),
            (
                "application/json, multipart/mixed;boundary=graphql;subscriptionSpec=1.0, text/event-stream;q=0.5",
                Some(EventFormat::Multipart),
            ),
            ("application/json, multipart/mixed", None),
            ("text/event-stream;q=0, */*", None),
        ];
        for (value, expected) in cases {
            assert_eq!(EventFormat::negotiate(&accept(value)), expected, "{value}");
        }
    }

    #[test]
    fn browsers_ask_for_a_page_and_clients_do_not() {
        assert!(wants_page(&accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        assert!(!wants_page(&accept("application/json")) && !wants_page(&accept("*/*")));
    }
}
