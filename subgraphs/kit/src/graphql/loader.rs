//! How services load many things at once.
//!
//! A loader's batch must leave when all who want something from it have said so. async-graphql waits a
//! millisecond for them; here nothing waits: a request is polled until no resolver can go on by itself, so
//! a batch opened on the way is complete then, and leaves. One poll is not enough for that: the futures of a
//! long list give way after a few of their items, and ask to be polled again at once.

use std::{
    cell::RefCell,
    hash::Hash,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};

use crate::error::StoreError;

/// A store's failure, shared by all who waited for the same load.
pub type LoadError = Arc<StoreError>;

type Batch = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    /// The batches that the turn under way on this thread has opened; nothing outside of a turn.
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

/// Runs a request whose batches leave when it can do nothing more by itself.
pub async fn gather<R: Future>(request: R) -> R::Output {
    // Without the runtime's budget, which would have what is ready give way until this poll ends.
    let mut request = pin!(tokio::task::unconstrained(request));
    std::future::poll_fn(|context| {
        let _turn = Turn { outer: OPENED.replace(Some(Vec::new())) };
        let waker = Arc::new(Again { asked: AtomicBool::new(false), outer: context.waker().clone() });
        let inner = Waker::from(Arc::clone(&waker));
        loop {
            let answer = request.as_mut().poll(&mut Context::from_waker(&inner));
            if answer.is_ready() || !waker.asked.swap(false, Ordering::AcqRel) {
                return answer;
            }
        }
    })
    .await
}

/// Wakes the request, and remembers that it was woken.
struct Again {
    asked: AtomicBool,
    outer: Waker,
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.asked.store(true, Ordering::Release);
        self.outer.wake_by_ref();
    }
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

/// A request's turn; when it ends, even by a panic, its batches leave.
struct Turn {
    outer: Option<Vec<Batch>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        for batch in OPENED.replace(self.outer.take()).into_iter().flatten() {
            tokio::spawn(batch);
        }
    }
}
