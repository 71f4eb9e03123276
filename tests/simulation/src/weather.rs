//! What befalls the processes of one run: how long things take, what fails, who ends. All of it by one seed.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lms_kit::{StoreError, bus::BusError, fault::Place};
use tokio::time::{Instant, sleep};

use crate::{chance::Chance, process::Process, seen::Seen, trace::Trace};

/// The engines' clocks begin here, in ms.
const BEGINNING_MS: i64 = 1_700_000_000_000;

/// How often what fails, as one in so many; 0 is never. Each run draws its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// A process ends at a step.
    pub(crate) end: u64,
    /// A process ends at a named place.
    pub(crate) end_at_place: u64,
    /// An engine fails, before or after it has done something.
    pub(crate) engine: u64,
    /// A step takes seconds.
    pub(crate) slow: u64,
    /// A message is lost, doubled, or late on the bus; a call of the bus fails.
    pub(crate) bus: u64,
}

impl Rates {
    fn drawn(chance: &mut Chance) -> Self {
        Self {
            end: *chance.pick(&[0, 500, 2_000, 5_000]),
            end_at_place: *chance.pick(&[0, 50, 200, 800]),
            engine: *chance.pick(&[0, 30, 100, 500]),
            slow: *chance.pick(&[0, 100, 400, 1_500]),
            bus: *chance.pick(&[0, 8, 25, 100]),
        }
    }
}

/// The weather of one run.
pub(crate) struct Weather {
    began: Instant,
    stormy: AtomicBool,
    rates: Rates,
    inner: Mutex<Inner>,
}

struct Inner {
    chance: Chance,
    trace: Trace,
    seen: Seen,
    violations: Vec<String>,
}

/// What a step comes to.
enum Step {
    Ends,
    Fails,
    Takes(Option<Duration>),
}

impl Weather {
    /// Begins now.
    pub(crate) fn new(seed: u64, trace: Trace) -> Arc<Self> {
        let mut chance = Chance::new(seed);
        let rates = Rates::drawn(&mut chance);
        let inner = Mutex::new(Inner { chance, trace, seen: Seen::default(), violations: Vec::new() });
        Arc::new(Self { began: Instant::now(), stormy: AtomicBool::new(true), rates, inner })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder panics")
    }

    /// The true time in ms.
    pub(crate) fn now_ms(&self) -> i64 {
        BEGINNING_MS + self.elapsed_ms()
    }

    pub(crate) fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).expect("a run is short")
    }

    /// Whether faults still happen.
    pub(crate) fn is_stormy(&self) -> bool {
        self.stormy.load(Ordering::Relaxed)
    }

    /// No more faults.
    pub(crate) fn calm_down(&self) {
        self.stormy.store(false, Ordering::Relaxed);
    }

    /// Draws by chance.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Chance) -> T) -> T {
        draw(&mut self.inner().chance)
    }

    /// Whether a fault of the bus happens.
    pub(crate) fn hits_bus(&self) -> bool {
        self.is_stormy() && self.draw(|chance| chance.one_in(self.rates.bus))
    }

    /// Notes what happened, for whoever reads the trace.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        let at = self.elapsed_ms();
        self.inner().trace.tell(at, what);
    }

    /// Notes what a run has seen.
    pub(crate) fn see(&self, see: impl FnOnce(&mut Seen)) {
        see(&mut self.inner().seen);
    }

    /// Notes that a rule was broken.
    pub(crate) fn accuse(&self, what: String) {
        let at = self.elapsed_ms();
        let inner = &mut *self.inner();
        inner.trace.tell(at, || format!("BROKEN: {what}"));
        inner.violations.push(what);
    }

    /// Ends the run: what was seen, which rules were broken, and the trace.
    pub(crate) fn end(&self) -> (Seen, Vec<String>, Trace) {
        let inner = &mut *self.inner();
        (
            std::mem::take(&mut inner.seen),
            std::mem::take(&mut inner.violations),
            std::mem::replace(&mut inner.trace, Trace::new(false)),
        )
    }

    /// Whether a process ends at a named place.
    pub(crate) fn ends_at(&self, place: Place, process: u64) -> bool {
        let at = self.elapsed_ms();
        let inner = &mut *self.inner();
        inner.trace.step(at, process, place.name());
        let ends = self.is_stormy() && inner.chance.one_in(self.rates.end_at_place);
        inner.seen.place(place, ends);
        ends
    }

    /// One step of an engine: it takes its time, fails, or is the last of its process.
    pub(crate) async fn step(&self, what: &'static str) -> Result<(), StoreError> {
        match self.next_step(what) {
            Step::Ends => std::future::pending().await,
            Step::Fails => Err(away()),
            Step::Takes(None) => Ok(()),
            Step::Takes(Some(time)) => {
                sleep(time).await;
                Ok(())
            }
        }
    }

    /// One step on the bus.
    pub(crate) async fn bus_step(&self, what: &'static str) -> Result<(), BusError> {
        self.step(what).await.map_err(|_| BusError::Away("the connection was lost".into()))
    }

    fn next_step(&self, what: &'static str) -> Step {
        let (process, at, stormy) = (Process::running(), self.elapsed_ms(), self.is_stormy());
        let inner = &mut *self.inner();
        let number = process.as_ref().map_or(0, |process| process.number);
        inner.trace.step(at, number, what);
        if stormy
            && inner.chance.one_in(self.rates.end)
            && let Some(process) = process
        {
            inner.trace.tell(at, || format!("process {number} ends at {what}"));
            inner.seen.ends += 1;
            process.end();
            return Step::Ends;
        }
        if stormy && inner.chance.one_in(self.rates.engine) {
            inner.trace.tell(at, || format!("process {number}: {what} fails"));
            inner.seen.failures += 1;
            return Step::Fails;
        }
        let millis = match inner.chance.between(0, 15) {
            0 if stormy && inner.chance.one_in(self.rates.slow) => inner.chance.between(500, 6_000),
            0..4 => inner.chance.between(1, 5),
            _ => return Step::Takes(None),
        };
        Step::Takes(Some(Duration::from_millis(millis)))
    }
}

/// An engine that does not answer.
pub(crate) fn away() -> StoreError {
    StoreError::Away("the connection was lost".into())
}
