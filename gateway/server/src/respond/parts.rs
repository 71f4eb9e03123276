//! A response in parts, as `multipart/mixed`
//! (<https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md>).
//!
//! Each part ends with the delimiter of the next, so that clients need not wait for another part to know that it has ended.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use octavo_executor::{ExecutionReport, IncrementalFormat};

use super::CACHE;
use crate::execution::Payloads;
use crate::failure::Failure;

const HEAD: &[u8] = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n";
const DELIMITER: &[u8] = b"\r\n--graphql";
const END: &[u8] = b"--\r\n";

/// The response whose parts are sent as they come.
pub(crate) fn parts(payloads: Payloads, format: IncrementalFormat) -> Response {
    let first = payloads.first.clone();
    let cache = super::cache_header(first.cache_hits, first.cache_misses);
    let begin = [DELIMITER, &part(&first)].concat();
    let begin = stream::once(std::future::ready(Ok::<_, Infallible>(Bytes::from(begin))));
    let rest = stream::unfold(State::Open(payloads, first.has_next), next);
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

enum State {
    /// More may come, as the last payload said.
    Open(Payloads, bool),
    Ended,
}

async fn next(state: State) -> Option<(Result<Bytes, Infallible>, State)> {
    let State::Open(mut payloads, more) = state else { return None };
    Some(match payloads.rest.next().await {
        Some(payload) => {
            let more = payload.has_next;
            (Ok(part(&payload).into()), State::Open(payloads, more))
        }
        None if more => {
            let late =
                ExecutionReport { body: Failure::Timeout.last_payload(), ..ExecutionReport::default() };
            (Ok([&part(&late), END].concat().into()), State::Ended)
        }
        None => (Ok(Bytes::from_static(END)), State::Ended),
    })
}

fn part(payload: &ExecutionReport) -> Vec<u8> {
    [HEAD, &payload.body, DELIMITER].concat()
}
