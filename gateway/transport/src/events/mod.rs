//! Streams of events: an HTTP answer that does not end, read as one GraphQL answer after the other.

mod multipart;
mod sse;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use octavo_executor::{Events, SubgraphError, SubgraphResponse};

/// What a decoder found in the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// An answer, as JSON.
    Answer(Bytes),
    /// The subgraph has no more events.
    End,
}

/// Finds answers in a stream of bytes.
pub(crate) trait Decoder: Send {
    /// Takes more bytes in.
    fn feed(&mut self, bytes: &[u8]);
    /// The next answer that is complete.
    fn next(&mut self) -> Option<Found>;
    /// How many bytes wait for the rest of their answer.
    fn waiting(&self) -> usize;
}

/// The decoder for a media type; `None` when it is no stream of events.
pub(crate) fn decoder(headers: &HeaderMap) -> Option<Box<dyn Decoder>> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (name, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    match name.trim().to_ascii_lowercase().as_str() {
        "text/event-stream" => Some(Box::<sse::Sse>::default()),
        "multipart/mixed" => {
            let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
            let boundary = parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case("boundary"));
            let boundary = boundary.map_or("-", |(_, value)| value.trim().trim_matches('"'));
            Some(Box::new(multipart::Multipart::new(boundary)))
        }
        _ => None,
    }
}

/// The answers in a body; none is larger than `limit` bytes.
pub(crate) fn events(body: Incoming, decoder: Box<dyn Decoder>, limit: usize) -> Events {
    stream::unfold(Some((body, decoder)), move |state| async move {
        let (mut body, mut decoder) = state?;
        loop {
            match decoder.next() {
                Some(Found::Answer(body_of_event)) => {
                    let answer = SubgraphResponse { body: body_of_event, ..SubgraphResponse::default() };
                    return Some((Ok(answer), Some((body, decoder))));
                }
                Some(Found::End) => return None,
                None if decoder.waiting() > limit => return Some((Err(SubgraphError::TooLarge), None)),
                None => {}
            }
            match body.frame().await {
                Some(Ok(frame)) => decoder.feed(frame.data_ref().map_or(&[][..], |data| data)),
                Some(Err(error)) => {
                    tracing::debug!(%error, "a subgraph's events broke off");
                    return Some((Err(SubgraphError::Interrupted), None));
                }
                // A stream that just stops is one that broke off.
                None => return Some((Err(SubgraphError::Interrupted), None)),
            }
        }
    })
    .boxed()
}
