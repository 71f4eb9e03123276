//! Reading an answer: its size, and whether it is GraphQL.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use octavo_executor::SubgraphError;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Reads the body. A body that came as one frame is not copied.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, SubgraphError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(SubgraphError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            tracing::debug!(%error, "a subgraph's answer broke off");
            SubgraphError::Interrupted
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(announced.max(first.len() + data.len()));
            rest.extend_from_slice(&first);
        }
        if rest.len() + data.len() > limit {
            return Err(SubgraphError::TooLarge);
        }
        rest.extend_from_slice(&data);
    }
    if first.len() > limit {
        return Err(SubgraphError::TooLarge);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Whether the body of an answer without success is GraphQL: `errors` with something in it, or `data`.
pub(crate) fn is_graphql(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        data: Option<IgnoredAny>,
        errors: Option<Vec<IgnoredAny>>,
    }
    serde_json::from_slice::<Answer>(body)
        .is_ok_and(|answer| answer.data.is_some() || answer.errors.is_some_and(|errors| !errors.is_empty()))
}
