//! The places, and the room where a few wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// When it is worth asking again, in seconds: places come free all the time.
pub const RETRY_AFTER: u32 = 1;

/// How much a server takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many requests are worked on at once; none less than one.
    pub in_flight: usize,
    /// How many more may wait for a place.
    pub waiting: usize,
    /// How long each of them waits.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 1_024, waiting: 1_024, patience: Duration::from_secs(1) }
    }
}

/// There is more to do than the server takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are under way; try again in {RETRY_AFTER} s")]
pub struct Overloaded;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests that are worked on.
    pub in_flight: usize,
    /// Requests that wait for a place.
    pub waiting: usize,
    /// Requests that were refused since the start.
    pub refused: u64,
}

/// The places of a server.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    places: Arc<Semaphore>,
    room: Semaphore,
    refused: AtomicU64,
}

/// A place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit);

impl Admission {
    /// With these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let most = |wanted: usize| wanted.min(Semaphore::MAX_PERMITS);
        let limits =
            Limits { in_flight: most(limits.in_flight.max(1)), waiting: most(limits.waiting), ..limits };
        Self {
            limits,
            places: Arc::new(Semaphore::new(limits.in_flight)),
            room: Semaphore::new(limits.waiting),
            refused: AtomicU64::new(0),
        }
    }

    /// Takes a place, or waits for one as long as is worth it.
    pub async fn enter(&self) -> Result<Place, Overloaded> {
        let entered = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => self.wait().await,
        };
        entered.map(Place).ok_or_else(|| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Overloaded
        })
    }

    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let _seat = self.room.try_acquire().ok()?;
        timeout(self.limits.patience, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()
    }

    /// How it stands.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            in_flight: self.limits.in_flight - self.places.available_permits(),
            waiting: self.limits.waiting - self.room.available_permits(),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Admission, Limits, Load, Overloaded};

    fn admission(waiting: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Limits { in_flight: 2, waiting, patience: Duration::from_secs(3) }))
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_no_place_and_no_seat_is_refused_at_once() {
        let (admission, began) = (admission(0), Instant::now());
        let (first, second) = (admission.enter().await, admission.enter().await);
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(admission.enter().await.err(), Some(Overloaded));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(admission.load(), Load { in_flight: 2, waiting: 0, refused: 1 });
        drop(first);
        assert!(admission.enter().await.is_ok(), "a place is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_gets_the_next_place_or_is_refused_in_time() {
        let admission = admission(1);
        let (first, _second) = (admission.enter().await, admission.enter().await);
        let waits = |admission: &Arc<Admission>| {
            let admission = Arc::clone(admission);
            tokio::spawn(async move { admission.enter().await })
        };
        let third = waits(&admission);
        tokio::task::yield_now().await;
        assert_eq!(admission.load(), Load { in_flight: 2, waiting: 1, refused: 0 });
        assert_eq!(admission.enter().await.err(), Some(Overloaded), "there is one seat");
        drop(first);
        let third = third.await.expect("no task panics");
        assert!(third.is_ok());

        let began = Instant::now();
        assert_eq!(waits(&admission).await.expect("no task panics").err(), Some(Overloaded));
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        assert_eq!(admission.load(), Load { in_flight: 2, waiting: 0, refused: 2 });
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_its_seat() {
        let admission = admission(1);
        let _both = (admission.enter().await, admission.enter().await);
        let gone = tokio::time::timeout(Duration::from_millis(1), admission.enter()).await;
        assert!(gone.is_err(), "it waits");
        assert_eq!(admission.load(), Load { in_flight: 2, waiting: 0, refused: 0 });
    }
}
