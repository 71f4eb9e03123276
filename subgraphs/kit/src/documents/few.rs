//! Questions that do not wait for one another, a few at a time.

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::error::StoreError;

/// More would wait for the engine's one writer, where it has one, and some of them for too long.
const AT_ONCE: usize = 4;

/// Does each of these, a few at the same time; what they came to, in their order.
pub(super) async fn few_at_once<T, F>(work: Vec<F>) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}
