//! The port to where keys are published.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;

/// Where a JSON Web Key Set (<https://www.rfc-editor.org/rfc/rfc7517#section-5>) is published.
pub trait KeySource: Send + Sync {
    /// The set that is there now.
    fn fetch(&self) -> BoxFuture<'_, Result<Bytes, FetchError>>;
}

/// Why a set of keys was not read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[source] io::Error),
    /// No connection, or no trust in who answers.
    #[error("nobody answers there: {0}")]
    Unreachable(String),
    /// Not in time.
    #[error("there is no answer within {0:?}")]
    Timeout(Duration),
    /// The answer is no success.
    #[error("the answer has the status {0}")]
    Status(StatusCode),
    /// The answer ended before it was whole, or is larger than any set of keys.
    #[error("the answer broke off or has more than {0} bytes")]
    Interrupted(usize),
}
