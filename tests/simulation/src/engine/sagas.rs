//! Sagas, with what must hold of every change of one.

use std::sync::Arc;

use async_trait::async_trait;
use lms_kit::StoreError;
use lms_sagas::{
    coordinator::SagaTx,
    saga::{Phase, Saga, StepRun},
};

use super::MemoryTx;

/// An answer is waited for for a time between these, in ms of the engine's clock: the shortest timeout less
/// what a transaction may take, and the longest with all its doublings.
const PATIENCE: std::ops::RangeInclusive<i64> = -60_000..=300_000;

#[async_trait]
impl SagaTx for MemoryTx {
    async fn now_ms(&mut self) -> Result<i64, StoreError> {
        self.pause("now").await?;
        Ok(self.now())
    }

    async fn saga(&mut self, id: &str) -> Result<Option<Saga>, StoreError> {
        self.pause("read saga").await?;
        Ok(self.stored(id).map(Arc::unwrap_or_clone))
    }

    async fn due(&mut self, most: u32) -> Result<Vec<Saga>, StoreError> {
        self.pause("due").await?;
        let now = self.now();
        let mut due: Vec<_> =
            self.state.sagas.values().filter(|saga| saga.due_at().is_some_and(|at| at <= now)).collect();
        due.sort_by_key(|saga| saga.due_at());
        due.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(due.into_iter().map(|saga| Saga::clone(saga)).collect())
    }

    /// Every saga's definition is known here.
    async fn postpone(&mut self, id: &str, _: i64) -> Result<(), StoreError> {
        Err(StoreError::corrupt("saga", format!("{id} is of a definition that nobody knows")))
    }

    async fn add(&mut self, saga: &Saga) -> Result<(), StoreError> {
        self.pause("add saga").await?;
        if self.state.sagas.contains_key(&saga.id) {
            return Err(StoreError::Taken(format!("sagas.id {}", saga.id)));
        }
        self.put(|state| &mut state.sagas, saga.id.clone(), Arc::new(saga.clone()));
        Ok(())
    }

    async fn put(&mut self, saga: &Saga) -> Result<(), StoreError> {
        self.pause("put saga").await?;
        let Some(before) = self.stored(&saga.id).filter(|before| before.version == saga.version - 1) else {
            return Err(StoreError::corrupt("saga", format!("{} was changed by somebody else", saga.id)));
        };
        self.watch(&before, saga);
        MemoryTx::put(self, |state| &mut state.sagas, saga.id.clone(), Arc::new(saga.clone()));
        Ok(())
    }

    /// Nothing comes from a backup here.
    async fn miss(&mut self, id: &str) -> Result<(), StoreError> {
        Err(StoreError::corrupt("saga", format!("{id} was begun, and is not there")))
    }
}

impl MemoryTx {
    /// A saga as it is stored by now.
    pub(crate) fn stored(&self, id: &str) -> Option<Arc<Saga>> {
        self.state.sagas.get(id).cloned()
    }

    /// A saga by chance, stuck ones first, and where it is.
    pub(crate) fn some_saga(&self) -> Option<(String, Phase)> {
        let of = |stuck: bool| {
            let sagas = self.state.sagas.values().filter(move |saga| (saga.phase == Phase::Stuck) == stuck);
            sagas.map(|saga| (saga.id.clone(), saga.phase)).collect::<Vec<_>>()
        };
        let (stuck, others) = (of(true), of(false));
        let from = if stuck.is_empty() { others } else { stuck };
        (!from.is_empty()).then(|| self.weather.draw(|chance| chance.pick(&from).clone()))
    }

    fn watch(&self, before: &Saga, after: &Saga) {
        self.weather.see(|seen| seen.change(before, after));
        self.weather.tell(|| {
            let steps: Vec<_> =
                after.steps.iter().map(|run| format!("{}={:?}", run.name, run.status)).collect();
            format!("saga {} {:?} {}", after.id, after.phase, steps.join(" "))
        });
        let now = self.now();
        for (_, new) in before.steps.iter().zip(&after.steps).filter(|(old, new)| old.due_at != new.due_at) {
            self.watch_patience(after, new, now);
        }
    }

    /// Scenario 18: timers go by the engine's clock, whatever the process's says.
    fn watch_patience(&self, saga: &Saga, run: &StepRun, now: i64) {
        let Some(wait) = run.due_at.map(|due| due - now) else { return };
        if !self.jumped() && !PATIENCE.contains(&wait) {
            self.weather.accuse(format!("I5: {} of {} is asked again after {wait} ms", run.name, saga.id));
        }
    }
}
