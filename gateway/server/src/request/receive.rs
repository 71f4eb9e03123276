//! The body, within its limits of size and time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Method;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::failure::Failure;

/// Reads the body of a POST; a GET has none that counts.
pub(crate) async fn receive(
    head: &Parts,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Failure> {
    if head.method != Method::POST {
        return Ok(Bytes::new());
    }
    let announced =
        head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Failure::BodyTooLarge(limit));
    }
    match timeout(patience, Limited::new(body, limit).collect()).await {
        Err(_) => Err(Failure::BodyTimeout),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Failure::BodyTooLarge(limit)),
        Ok(Err(_)) => Err(Failure::BadRequest("the body broke off".to_owned())),
    }
}
