//! How services load many things at once.
//!
//! A loader's batch must leave when all who want something from it have said so. async-graphql waits a
//! millisecond for them; here nothing waits: one poll of a request runs every resolver that can run, so a
//! batch opened in a poll is complete when that poll ends, and leaves then.

use std::{
    cell::RefCell,
    hash::Hash,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};

use crate::error::StoreError;

/// A store's failure, shared by all who waited for the same load.
pub type LoadError = Arc<StoreError>;

type Batch = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    /// The batches that the poll under way on this thread has opened; nothing outside of such a poll.
    static OPENED: RefCell<Option<Vec<Batch>>> = const { RefCell::new(None) };
}

/// A data loader that asks once for all keys that are wanted together. It keeps nothing: the next request
/// sees what is stored then.
pub fn batching<K, L>(loader: L) -> DataLoader<L, NoCache>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    L: Loader<K>,
{
    DataLoader::new(loader, open).delay(Duration::ZERO)
}

/// Runs a request whose batches leave after the poll that opened them.
pub async fn gather<R: Future>(request: R) -> R::Output {
    let mut request = pin!(request);
    std::future::poll_fn(|context| {
        let _poll = Poll { outer: OPENED.replace(Some(Vec::new())) };
        request.as_mut().poll(context)
    })
    .await
}

fn open(batch: Batch) {
    let alone = OPENED.with_borrow_mut(|opened| match opened {
        Some(batches) => {
            batches.push(batch);
            None
        }
        None => Some(batch),
    });
    if let Some(batch) = alone {
        tokio::spawn(batch);
    }
}

/// A poll under way; when it ends, even by a panic, its batches leave.
struct Poll {
    outer: Option<Vec<Batch>>,
}

impl Drop for Poll {
    fn drop(&mut self) {
        for batch in OPENED.replace(self.outer.take()).into_iter().flatten() {
            tokio::spawn(batch);
        }
    }
}
