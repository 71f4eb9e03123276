//! The responses of a subscription, as a stream that stays open.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::time::timeout;

use super::Broken;
use crate::execution::Responses;
use crate::request::EventFormat;

/// After this time without an event something is sent, so that nobody on the way takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The bytes around responses.
struct Format {
    content_type: &'static str,
    begin: &'static [u8],
    before: &'static [u8],
    after: &'static [u8],
    heartbeat: &'static [u8],
    end: &'static [u8],
}

const SERVER_SENT: Format = Format {
    content_type: "text/event-stream; charset=utf-8",
    begin: b":\n\n",
    before: b"event: next\ndata: ",
    after: b"\n\n",
    heartbeat: b":\n\n",
    end: b"event: complete\ndata:\n\n",
};

const MULTIPART: Format = Format {
    content_type: "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0",
    begin: b"\r\n--graphql",
    before: b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"payload\":",
    after: b"}\r\n--graphql",
    heartbeat: b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{}\r\n--graphql",
    end: b"--\r\n",
};

/// The response whose events are sent as they come. When the gateway stops the connection is closed before the subscription's end, so
/// that clients that retry find another gateway.
pub(crate) fn events(responses: Responses, format: EventFormat) -> Response {
    let format = match format {
        EventFormat::ServerSent => &SERVER_SENT,
        EventFormat::Multipart => &MULTIPART,
    };
    let begin = stream::once(std::future::ready(Ok::<_, Broken>(Bytes::from_static(format.begin))));
    let rest = stream::unfold(Some(responses), move |state| next(state, format));
    let mut response = Response::new(Body::from_stream(begin.chain(rest)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// An answer that is the only event of its stream.
pub(crate) fn only(body: &[u8]) -> Bytes {
    [&written(body, &SERVER_SENT), SERVER_SENT.end].concat().into()
}

async fn next(
    state: Option<Responses>,
    format: &'static Format,
) -> Option<(Result<Bytes, Broken>, Option<Responses>)> {
    let mut responses = state?;
    let gateway = std::sync::Arc::clone(&responses.gateway);
    let waited = tokio::select! {
        waited = timeout(HEARTBEAT, responses.next()) => waited,
        () = gateway.stopping() => return Some((Err(Broken), None)),
    };
    Some(match waited {
        Ok(Ok(Some(response))) => (Ok(written(&response.body, format).into()), Some(responses)),
        Ok(Ok(None)) if responses.ended_well().await => (Ok(Bytes::from_static(format.end)), None),
        Ok(Ok(None)) => (Err(Broken), None),
        Ok(Err(failure)) => {
            let last = [&written(&failure.json(), format), format.end].concat();
            (Ok(last.into()), None)
        }
        Err(_) => (Ok(Bytes::from_static(format.heartbeat)), Some(responses)),
    })
}

/// A line break would end the line of a server-sent event. In JSON it can only stand between tokens, where a space is as good.
fn written(body: &[u8], format: &Format) -> Vec<u8> {
    let mut text = [format.before, body, format.after].concat();
    let body = format.before.len()..format.before.len() + body.len();
    for byte in text[body].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    text
}
