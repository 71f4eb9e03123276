//! Subscriptions: a request whose answer is a stream of events.

use std::error::Error;

use bytes::Bytes;
use futures::stream;
use http::HeaderValue;
use http::header::ACCEPT;
use http_body_util::Full;
use octavo_executor::{Events, SubgraphError, SubgraphRequest, SubgraphResponse};
use tokio::time::timeout;

use crate::connect::Pool;
use crate::endpoint::Endpoint;
use crate::{Options, answer, events};

/// What is taken, the liked one first. JSON is how a subgraph refuses.
const ACCEPTED: HeaderValue = HeaderValue::from_static(
    "text/event-stream, multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, application/json;q=0.9",
);

/// Opens the stream. The deadline holds for its beginning; events may be far apart.
pub(crate) async fn subscribe(
    pool: &Pool,
    endpoint: &Endpoint,
    request: &SubgraphRequest,
    options: &Options,
) -> Result<Events, SubgraphError> {
    let body: Full<Bytes> = Full::new(request.body.clone());
    let mut opening = endpoint.request(&request.headers, body);
    opening.headers_mut().insert(ACCEPT, ACCEPTED);
    let opened = timeout(options.timeout, pool.request(opening)).await.map_err(|_| SubgraphError::Timeout)?;
    let response = opened.map_err(|error| {
        tracing::debug!(subgraph = &*request.subgraph, error = &error as &dyn Error, "no stream of events");
        SubgraphError::Unreachable
    })?;
    let status = response.status();
    if let Some(decoder) = events::decoder(response.headers()).filter(|_| status.is_success()) {
        return Ok(events::events(response.into_body(), decoder, options.max_response_bytes));
    }
    let read = answer::read(response.into_body(), options.max_response_bytes);
    let body = timeout(options.timeout, read).await.map_err(|_| SubgraphError::Timeout)??;
    match (answer::is_graphql(&body), status.is_success()) {
        (true, _) => {
            let refusal = SubgraphResponse { body, ..SubgraphResponse::default() };
            Ok(Box::pin(stream::once(std::future::ready(Ok(refusal)))))
        }
        (false, true) => Err(SubgraphError::NoEvents),
        (false, false) => Err(SubgraphError::Status(status.as_u16())),
    }
}
