//! A response in parts, as `multipart/mixed`
//! (<https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md>).
//!
//! Each part ends with the delimiter of the next, so that clients need not wait for another part to know that it has ended.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use octavo_executor::{ExecutionReport, IncrementalFormat};

use super::{Broken, CACHE};
use crate::execution::Payloads;

const HEAD: &[u8] = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n";
const DELIMITER: &[u8] = b"\r\n--graphql";
const END: &[u8] = b"--\r\n";

/// The response whose parts are sent as they come.
pub(crate) fn parts(payloads: Payloads, format: IncrementalFormat) -> Response {
    let first = payloads.first.clone();
    let cache = super::cache_header(first.cache_hits, first.cache_misses);
    let begin = [DELIMITER, &part(&first)].concat();
    let begin = stream::once(std::future::ready(Ok::<_, Broken>(Bytes::from(begin))));
    let rest = stream::unfold(Some((payloads, first.has_next)), next);
    let mut response = Response::new(Body::from_stream(begin.chain(rest)));
    let content_type = match format {
        IncrementalFormat::V02 => "multipart/mixed; boundary=\"graphql\"; incrementalSpec=v0.2",
        IncrementalFormat::Defer20220824 => "multipart/mixed; boundary=\"graphql\"; deferSpec=20220824",
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // A cache on the way would hold the parts back.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(value) = cache {
        headers.insert(CACHE, value);
    }
    response
}

async fn next(state: Option<(Payloads, bool)>) -> Option<(Result<Bytes, Broken>, Option<(Payloads, bool)>)> {
    let (mut payloads, more) = state?;
    Some(match payloads.rest.next().await {
        Some(payload) => {
            let more = payload.has_next;
            (Ok(part(&payload).into()), Some((payloads, more)))
        }
        None if more => (Err(Broken), None),
        None => (Ok(Bytes::from_static(END)), None),
    })
}

fn part(payload: &ExecutionReport) -> Vec<u8> {
    [HEAD, &payload.body, DELIMITER].concat()
}
