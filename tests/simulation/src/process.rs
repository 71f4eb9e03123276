//! A process: what it runs stops at once when it ends, and stands still while it is frozen.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    task::{Poll, Waker},
};

use futures::future::poll_fn;
use lms_kit::{
    fault::{self, Decide, Fate, Place},
    sources::Clock,
};
use tokio::time::{Instant, sleep_until};

use crate::weather::Weather;

tokio::task_local! {
    static RUNNING: Arc<Process>;
}

/// One life of a replica.
pub(crate) struct Process {
    /// The replica's number in the world.
    pub(crate) number: u64,
    pub(crate) weather: Arc<Weather>,
    /// How far its clock is off, in ms.
    skew_ms: AtomicI64,
    ended: AtomicBool,
    frozen_until: Mutex<Option<Instant>>,
    waker: Mutex<Option<Waker>>,
}

impl Process {
    pub(crate) fn new(number: u64, weather: Arc<Weather>, skew_ms: i64) -> Arc<Self> {
        let (skew_ms, ended) = (AtomicI64::new(skew_ms), AtomicBool::new(false));
        let (frozen_until, waker) = (Mutex::default(), Mutex::default());
        Arc::new(Self { number, weather, skew_ms, ended, frozen_until, waker })
    }

    /// The process in which this is called, if it is one.
    pub(crate) fn running() -> Option<Arc<Self>> {
        RUNNING.try_with(Arc::clone).ok()
    }

    /// Ends it: nothing of it runs again.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Lets it stand still until then.
    pub(crate) fn freeze(&self, until: Instant) {
        *self.frozen_until.lock().expect("no holder panics") = Some(until);
        self.wake();
    }

    /// Moves its clock.
    pub(crate) fn skew(&self, by_ms: i64) {
        self.skew_ms.store(by_ms, Ordering::Relaxed);
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.lock().expect("no holder panics").take() {
            waker.wake();
        }
    }

    /// Runs it until it ends; then everything that it held is dropped where it stood.
    pub(crate) async fn live(self: Arc<Self>, life: impl Future<Output = ()>) {
        let mut life = pin!(RUNNING.scope(Arc::clone(&self), life));
        loop {
            let until = poll_fn(|context| {
                *self.waker.lock().expect("no holder panics") = Some(context.waker().clone());
                if let Some(until) = self.frozen_until.lock().expect("no holder panics").take() {
                    return Poll::Ready(Some(until));
                }
                if !self.ended.load(Ordering::Relaxed) && life.as_mut().poll(context).is_pending() {
                    let ended = self.ended.load(Ordering::Relaxed);
                    return if ended { Poll::Ready(None) } else { Poll::Pending };
                }
                Poll::Ready(None)
            });
            match until.await {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }
}

impl Clock for Process {
    fn now_ms(&self) -> i64 {
        self.weather.now_ms() + self.skew_ms.load(Ordering::Relaxed)
    }
}

/// Decides at the named places of the production code.
struct ByWeather;

impl Decide for ByWeather {
    fn at(&self, place: Place) -> Fate {
        let Some(process) = Process::running() else { return Fate::GoOn };
        if process.weather.ends_at(place, process.number) {
            process.end();
            return Fate::End;
        }
        Fate::GoOn
    }
}

/// From now on the weather decides.
pub(crate) fn let_weather_decide() {
    // Another run of this test process may have said so before.
    let _ = fault::install(ByWeather);
}
