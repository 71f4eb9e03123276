//! What cuts across all requests, one layer a file.

mod cors;
mod panics;
mod request_id;

pub(crate) use cors::cors;
pub(crate) use panics::panics;
pub(crate) use request_id::request_id;
