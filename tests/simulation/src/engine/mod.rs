//! An engine in memory. Like SQLite it has one writer at a time: a transaction holds the whole database until
//! it ends, and one that is dropped has not happened. Each call is a step: it takes time, may fail before or
//! after it has done its work, and may be the last of its process.

mod inbox;
mod outbox;
mod sagas;
mod state;
mod tx;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use lms_kit::{StoreError, outbox::Wake};
use tokio::sync::Mutex;

pub(crate) use outbox::backlog;
pub(crate) use state::{Effect, State};
pub(crate) use tx::MemoryTx;

use crate::weather::{Weather, away};

/// A service's database, as one of its processes sees it.
#[derive(Clone)]
pub(crate) struct Database {
    state: Arc<Mutex<State>>,
    weather: Arc<Weather>,
    clock: Arc<EngineClock>,
    /// Told when this process has committed events.
    wake: Wake,
}

/// An engine's own clock, and whether the engine is away.
#[derive(Default)]
pub(crate) struct EngineClock {
    offset_ms: AtomicI64,
    away_until_ms: AtomicI64,
}

impl Database {
    pub(crate) fn new(weather: Arc<Weather>) -> Self {
        Self { state: Arc::default(), weather, clock: Arc::default(), wake: Wake::default() }
    }

    /// The same database, seen by another process.
    pub(crate) fn for_process(&self) -> Self {
        Self { wake: Wake::default(), ..self.clone() }
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Moves the engine's clock.
    pub(crate) fn jump(&self, to_offset_ms: i64) {
        self.clock.offset_ms.store(to_offset_ms, Ordering::Relaxed);
    }

    /// Lets the engine be away until then.
    pub(crate) fn leave(&self, until_ms: i64) {
        self.clock.away_until_ms.store(until_ms, Ordering::Relaxed);
    }

    /// All that is stored, for whoever checks it when no process runs any more.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Option<T> {
        self.state.try_lock().ok().map(|state| read(&state))
    }

    /// Begins a transaction.
    pub(crate) async fn open(&self) -> Result<MemoryTx, StoreError> {
        self.step("begin").await?;
        let state = Arc::clone(&self.state).lock_owned().await;
        Ok(MemoryTx::new(state, self.weather.clone(), Arc::clone(&self.clock), self.wake.clone()))
    }

    async fn step(&self, what: &'static str) -> Result<(), StoreError> {
        self.weather.step(what).await?;
        self.clock.answer(&self.weather)
    }
}

impl EngineClock {
    fn now_ms(&self, weather: &Weather) -> i64 {
        weather.now_ms() + self.offset_ms.load(Ordering::Relaxed)
    }

    fn answer(&self, weather: &Weather) -> Result<(), StoreError> {
        let is_away = weather.elapsed_ms() < self.away_until_ms.load(Ordering::Relaxed);
        if is_away { Err(away()) } else { Ok(()) }
    }
}
