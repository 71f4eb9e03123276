//! Equal queries under way: sent once, answered to all who ask.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, Shared as SharedFuture, WeakShared};
use octavo_executor::SubgraphRequest;
use std::collections::HashMap;

use crate::joined::Shared;
use crate::key::Key;
use crate::member::Outcome;

/// A call that several wait for. Whoever waits drives it, so that nobody depends on the first of them.
type Call = BoxFuture<'static, Outcome>;

/// Queries under way.
#[derive(Default)]
pub(crate) struct Queries {
    calls: HashMap<Key, (u64, WeakShared<Call>)>,
    last: u64,
}

/// The answer to a query: of an equal one under way, if there is one.
pub(crate) fn call(shared: &Arc<Shared>, key: Key, request: SubgraphRequest) -> SharedFuture<Call> {
    let mut queries = shared.queries();
    if let Some(running) = queries.calls.get(&key).and_then(|(_, call)| call.upgrade()) {
        return running;
    }
    queries.last += 1;
    let number = queries.last;
    let entry = Entry { shared: Arc::clone(shared), key: key.clone(), number };
    let call = async move { entry.shared.next.call(request).await };
    let call = call.boxed().shared();
    if let Some(weak) = call.downgrade() {
        queries.calls.insert(key, (number, weak));
    }
    call
}

/// Takes a query off the list when it has its answer, or nobody waits for it.
struct Entry {
    shared: Arc<Shared>,
    key: Key,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut queries = self.shared.queries();
        // An equal query that began since then has another number.
        if queries.calls.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            queries.calls.remove(&self.key);
        }
    }
}
