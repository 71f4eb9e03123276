//! A request that panics is answered; the process lives.

use std::any::Any;

use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;

use crate::failure::Failure;
use crate::request::MediaType;

type Handler = fn(Box<dyn Any + Send>) -> Response;

pub(crate) fn panics() -> CatchPanicLayer<Handler> {
    CatchPanicLayer::custom(answer as Handler)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let message = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(message, "a request panicked");
    Failure::Internal.respond(MediaType::Json)
}
