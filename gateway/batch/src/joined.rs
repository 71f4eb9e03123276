//! The port that joins.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use octavo_executor::{Events, SubgraphError, SubgraphPort, SubgraphRequest, SubgraphResponse};
use octavo_query_plan::OperationKind;
use std::collections::HashMap;

use crate::equal::{self, Queries};
use crate::key::Key;
use crate::lane::{self, Lanes};
use crate::latency::Latency;
use crate::options::Options;

/// Joins requests before another port. It must be called inside a tokio runtime.
pub struct Joined {
    shared: Arc<Shared>,
}

/// What the calls share.
pub(crate) struct Shared {
    pub(crate) next: Arc<dyn SubgraphPort>,
    pub(crate) options: Options,
    lanes: Mutex<Lanes>,
    queries: Mutex<Queries>,
    latencies: Mutex<HashMap<Arc<str>, Latency>>,
}

impl Joined {
    /// Joins what is sent to `next`.
    pub fn new(next: Arc<dyn SubgraphPort>, options: Options) -> Self {
        let shared = Shared {
            next,
            options,
            lanes: Mutex::default(),
            queries: Mutex::default(),
            latencies: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl SubgraphPort for Joined {
    fn call(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<SubgraphResponse, SubgraphError>> {
        let Options { entities, equal_queries, apart, .. } = &self.shared.options;
        if request.kind != OperationKind::Query || apart.contains(&*request.subgraph) {
            return self.shared.next.call(request);
        }
        match &request.entities {
            Some(call) if *entities => {
                let key = Key::new(&request, &call.head);
                lane::call(&self.shared, key, request).boxed()
            }
            None if *equal_queries => {
                let key = Key::new(&request, &request.body);
                equal::call(&self.shared, key, request).boxed()
            }
            _ => self.shared.next.call(request),
        }
    }

    fn subscribe(&self, request: SubgraphRequest) -> BoxFuture<'_, Result<Events, SubgraphError>> {
        self.shared.next.subscribe(request)
    }
}

impl Shared {
    pub(crate) fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queries(&self) -> MutexGuard<'_, Queries> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, subgraph: &Arc<str>, duration: Duration) {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.entry(Arc::clone(subgraph)).or_default().record(duration);
    }

    /// How long a request to this subgraph may wait for others.
    pub(crate) fn delay(&self, subgraph: &Arc<str>) -> Duration {
        let most = self.options.max_delay;
        let latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.get(subgraph).map_or(most, |latency| latency.delay(most))
    }
}
