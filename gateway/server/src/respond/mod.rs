//! Responses in the client's media type.

mod events;
mod parts;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use octavo_executor::ExecutionReport;

use crate::request::MediaType;

pub(crate) use events::events;
pub(crate) use parts::parts;

/// Says how many entities of the answer came from the cache.
const CACHE: HeaderName = HeaderName::from_static("octavo-cache");

/// A body that cannot go on to its end: the connection is closed, so that clients see that it is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the response broke off")]
struct Broken;

/// What was executed. Partial data is a success: the errors stand in the body.
pub(crate) fn report(report: ExecutionReport, media: MediaType) -> Response {
    let cache = cache_header(report.cache_hits, report.cache_misses);
    let mut response = json(StatusCode::OK, media, report.body);
    if let Some(value) = cache {
        response.headers_mut().insert(CACHE, value);
    }
    response
}

/// A body of GraphQL.
pub(crate) fn json(status: StatusCode, media: MediaType, body: Bytes) -> Response {
    let body = if media == MediaType::Events { events::only(&body) } else { body };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response
}

/// `hit`, `miss` or `partial` with both counts; nothing when no entity was looked for.
fn cache_header(hits: usize, misses: usize) -> Option<HeaderValue> {
    let word = match (hits, misses) {
        (0, 0) => return None,
        (_, 0) => "hit",
        (0, _) => "miss",
        _ => "partial",
    };
    HeaderValue::from_str(&format!("{word}; hits={hits}; misses={misses}")).ok()
}

#[cfg(test)]
mod tests {
    use super::cache_header;

    #[test]
    fn the_cache_header_tells_hit_miss_and_partial() {
        assert_eq!(cache_header(0, 0), None);
        assert_eq!(cache_header(2, 0).expect("a value"), "hit; hits=2; misses=0");
        assert_eq!(cache_header(0, 3).expect("a value"), "miss; hits=0; misses=3");
        assert_eq!(cache_header(1, 3).expect("a value"), "partial; hits=1; misses=3");
    }
}
