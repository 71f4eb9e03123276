//! A subscription's answers over HTTP, as [GraphQL over SSE](https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md)
//! has it ("distinct connections"): what the gateway asks a subgraph for first.

use std::{convert::Infallible, time::Duration};

use async_graphql::Response;
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response as HttpResponse},
};
use futures::{StreamExt, future::ready, stream, stream::BoxStream};

use super::Service;

pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// After this time without an event something is sent: it shows whether anybody is still there.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Sends each response as it comes. When the service stops, the connection ends before the subscription has, so that
/// whoever listens begins anew elsewhere.
pub(super) fn answer(service: &Service, responses: BoxStream<'static, Response>) -> HttpResponse {
    let events = responses.map(|response| {
        let json = serde_json::to_string(&response).expect("a response has text keys only");
        format!("event: next\ndata: {json}\n\n")
    });
    let events = events.chain(stream::once(ready("event: complete\ndata:\n\n".to_owned())));
    let until_stop = with_heartbeats(events.boxed()).take_until(service.stopping());
    let body = Body::from_stream(until_stop.map(|event| Ok::<_, Infallible>(Bytes::from(event))));
    ([(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn with_heartbeats(events: BoxStream<'static, String>) -> impl futures::Stream<Item = String> + Send {
    stream::unfold(events, async |mut events| match tokio::time::timeout(HEARTBEAT, events.next()).await {
        Ok(event) => event.map(|event| (event, events)),
        Err(_) => Some((":\n\n".to_owned(), events)),
    })
}
