//! What is heard of changes: the port to whatever carries them, the messages, and the task that follows them.

mod follow;
mod heard;
mod message;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

pub use follow::follow;
pub(crate) use heard::Heard;
pub(crate) use message::Message;
pub use message::Touch;

/// Carries what subgraphs say of their changes, each as a CloudEvent in JSON.
pub trait ChangeFeed: Send + Sync {
    /// Begins to listen. Whatever is said after this has returned comes in [`Changes`].
    fn listen(&self) -> BoxFuture<'_, Result<Changes, FeedError>>;
}

/// What is said, from a moment on, without a gap. When it ends or fails, something may have been missed. It must fail soon
/// after its connection is lost: what is kept counts as good until then.
pub type Changes = BoxStream<'static, Result<Bytes, FeedError>>;

/// Why changes are not heard.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FeedError(pub String);
