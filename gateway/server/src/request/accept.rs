//! `Accept`: the media type of the answer, and whether a browser asks for a page.

use http::HeaderMap;
use http::header::ACCEPT;

/// How an answer is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the status says how the request went.
    GraphqlResponse,
    /// `application/json`: for clients that came before the other.
    Json,
}

impl MediaType {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The type that the client likes best, the first of equals; `None` when it accepts neither.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut best = None;
        let mut any = false;
        for (range, quality) in ranges(headers) {
            any = true;
            let media = match range {
                "application/graphql-response+json" => Self::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            if quality > 0.0 && best.is_none_or(|(_, other)| quality > other) {
                best = Some((media, quality));
            }
        }
        if any { best.map(|(media, _)| media) } else { Some(Self::Json) }
    }
}

/// Whether the client asks for HTML before anything else that is served here, as browsers do for a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    ranges(headers).any(|(range, quality)| range == "text/html" && quality > 0.0)
}

/// The media ranges with their quality, in order.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (&str, f32)> {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let quality = parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
        Some((name, quality.unwrap_or(0.0)))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::ACCEPT;

    use super::{MediaType, wants_page};

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
            ("text/plain", None),
            ("application/json;q=0", None),
        ];
        for (value, expected) in cases {
            assert_eq!(MediaType::negotiate(&accept(value)), expected, "{value}");
        }
        assert_eq!(MediaType::negotiate(&HeaderMap::new()), Some(MediaType::Json));
    }

    #[test]
    fn browsers_ask_for_a_page_and_clients_do_not() {
        assert!(wants_page(&accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        assert!(!wants_page(&accept("application/json")) && !wants_page(&accept("*/*")));
    }
}
