//! Waiting for a saga to settle.

use std::{sync::Arc, time::Duration};

use lms_kit::StoreError;
use tokio::{sync::Notify, time::Instant};

use crate::{saga::Saga, store::SagaStore};

/// The longest that anybody waits.
const LONGEST: Duration = Duration::from_secs(30);
/// How long between two looks: another process may have moved the saga.
const PAUSE: Duration = Duration::from_millis(100);

/// Told when this process has moved a saga.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Arc<Notify>);

impl Waiting {
    /// A saga was moved.
    pub(crate) fn tell(&self) {
        self.0.notify_waiters();
    }

    /// The saga once it has settled, or as it is after this long.
    pub(crate) async fn until_settled(
        &self,
        store: &dyn SagaStore,
        mut saga: Saga,
        longest: Duration,
    ) -> Result<Saga, StoreError> {
        let until = Instant::now() + longest.min(LONGEST);
        while !saga.phase.is_settled() && Instant::now() < until {
            // Told or not, the store knows.
            let _ = tokio::time::timeout(PAUSE, self.0.notified()).await;
            if let Some(newer) = store.by_ids(std::slice::from_ref(&saga.id)).await?.pop() {
                saga = newer;
            }
        }
        Ok(saga)
    }
}
