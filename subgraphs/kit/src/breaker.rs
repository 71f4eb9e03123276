//! A circuit breaker for an engine (Nygard, *Release It!*): an engine that has failed several times in a row is left
//! alone for a while, and whoever needs it hears so at once instead of waiting for the same failure.
//!
//! | state | calls |
//! | --- | --- |
//! | closed | go through; [`FAILURES`] failures in a row open it |
//! | open | are refused, until the pause is over |
//! | half open | one goes through as a probe, the others are refused; its success closes, its failure opens for twice as long |
//!
//! A budget for retries stands beside it (Google's *Site Reliability Engineering*, chapter 22): what is safe to be
//! asked again is, but a tenth of all calls at most, so that retries do not bring down what is only slow.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::{backoff::Backoff, error::StoreError};

/// How many failures in a row open a breaker.
const FAILURES: u32 = 5;
/// What a call that succeeds adds to the budget for retries, in hundredths of a retry.
const EARNED: u32 = 10;
/// What a retry costs, in hundredths.
const COST: u32 = 100;
/// The most that the budget holds, in hundredths: ten retries.
const MOST: u32 = 1_000;

/// The breaker of one engine.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Failures since the last success.
    failures: u32,
    /// Until when calls are refused, once it has opened.
    open_until: Option<Instant>,
    /// Whether a probe is under way.
    probing: bool,
    pause: Backoff,
    /// For retries, in hundredths of one.
    budget: u32,
}

impl Default for State {
    fn default() -> Self {
        Self { failures: 0, open_until: None, probing: false, pause: Backoff::default(), budget: MOST }
    }
}

/// Leave for one call. Dropped without a word, it takes nothing for granted: the next one may try.
#[derive(Debug)]
struct Leave<'b> {
    breaker: &'b Breaker,
    is_probe: bool,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.state().probing = false;
        }
    }
}

impl Breaker {
    /// Makes a call if the engine is not left alone, and takes note of what comes of it.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let leave = self.leave()?;
        let result = call.await;
        self.note(&result, &leave);
        result
    }

    /// Makes a call that changes nothing; if it fails for a reason that may pass, and there is budget for it, once
    /// more.
    pub(crate) async fn call_again<T, F>(&self, call: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut again = true;
        loop {
            match self.call(call()).await {
                // A call that took all its time is not made to take it twice.
                Err(StoreError::Away(_)) if again && self.pay() => again = false,
                result => return result,
            }
        }
    }

    fn leave(&self) -> Result<Leave<'_>, StoreError> {
        let mut state = self.state();
        let Some(until) = state.open_until else { return Ok(Leave { breaker: self, is_probe: false }) };
        if state.probing || Instant::now() < until {
            return Err(StoreError::Away(
                "it has failed again and again, and is left alone for a while".into(),
            ));
        }
        state.probing = true;
        Ok(Leave { breaker: self, is_probe: true })
    }

    fn note<T>(&self, result: &Result<T, StoreError>, leave: &Leave<'_>) {
        if matches!(result, Err(StoreError::Contended(_))) {
            // It may be this process that has all connections, and none of them may be answered: that says nothing of the engine.
            return;
        }
        let mut state = self.state();
        if !result.as_ref().is_err_and(StoreError::is_outage) {
            // A refusal is an answer: whoever gives it is there.
            let budget = (state.budget + EARNED).min(MOST);
            let was_open = state.open_until.is_some();
            if was_open && !leave.is_probe {
                // It was under way before the others failed, and says nothing of now.
                state.budget = budget;
                return;
            }
            *state = State { budget, ..State::default() };
            drop(state);
            if was_open {
                tracing::info!("an engine that was left alone answers again");
            }
            return;
        }
        if state.open_until.is_some() && !leave.is_probe {
            // It was under way when the others failed, and says nothing new.
            return;
        }
        state.failures += 1;
        if state.failures >= FAILURES || leave.is_probe {
            let pause = state.pause.failed();
            state.open_until = Some(Instant::now() + pause);
            drop(state);
            tracing::warn!(?pause, "an engine has failed again and again, and is left alone");
        }
    }

    fn pay(&self) -> bool {
        let mut state = self.state();
        let can = state.open_until.is_none() && state.budget >= COST;
        if can {
            state.budget -= COST;
        }
        can
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    use tokio::time::sleep;

    use super::*;

    fn away() -> Result<(), StoreError> {
        Err(StoreError::Away("no".into()))
    }

    /// Fails a number of calls; how many of them reached the engine.
    async fn fail(breaker: &Breaker, times: u32) -> u32 {
        let reached = AtomicU32::new(0);
        for _ in 0..times {
            let failed = breaker.call(async {
                reached.fetch_add(1, Ordering::Relaxed);
                away()
            });
            assert!(matches!(failed.await, Err(StoreError::Away(_))));
        }
        reached.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_fails_in_a_row_is_left_alone_until_a_probe_succeeds() {
        let breaker = Breaker::default();
        assert_eq!(fail(&breaker, FAILURES - 1).await, FAILURES - 1);
        breaker.call(async { Ok(()) }).await.unwrap();
        assert_eq!(fail(&breaker, FAILURES + 3).await, FAILURES, "a success begins the row anew");

        sleep(Duration::from_millis(100)).await;
        assert_eq!(fail(&breaker, 3).await, 1, "one probe");
        sleep(Duration::from_millis(100)).await;
        assert_eq!(fail(&breaker, 3).await, 0, "the pause has doubled");
        sleep(Duration::from_millis(100)).await;
        breaker.call(async { Ok(()) }).await.unwrap();
        assert_eq!(fail(&breaker, FAILURES - 1).await, FAILURES - 1, "it is closed");
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_is_under_way_at_a_time_and_one_that_is_dropped_does_not_count() {
        let breaker = Breaker::default();
        fail(&breaker, FAILURES).await;
        sleep(Duration::from_secs(1)).await;
        let probe = breaker.call(async {
            sleep(Duration::from_secs(1)).await;
            Ok(())
        });
        let mut probe = Box::pin(probe);
        assert!(futures::poll!(&mut probe).is_pending());
        assert_eq!(fail(&breaker, 2).await, 0);
        drop(probe);
        breaker.call(async { Ok(()) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let breaker = Breaker::default();
        for _ in 0..2 * FAILURES {
            let refused = breaker.call::<()>(async { Err(StoreError::Refused("no".into())) }).await;
            assert!(matches!(refused, Err(StoreError::Refused(_))));
        }
    }

    async fn contend(breaker: &Breaker) -> Result<(), StoreError> {
        breaker.call(async { Err(StoreError::Contended("wait".into())) }).await
    }

    #[tokio::test(start_paused = true)]
    async fn that_others_hold_what_is_needed_neither_opens_nor_closes() {
        let breaker = Breaker::default();
        for _ in 0..2 * FAILURES {
            assert!(matches!(contend(&breaker).await, Err(StoreError::Contended(_))));
        }
        assert_eq!(fail(&breaker, FAILURES - 1).await, FAILURES - 1);
        assert!(matches!(contend(&breaker).await, Err(StoreError::Contended(_))));
        assert_eq!(fail(&breaker, 2).await, 1, "those before it count");
        sleep(Duration::from_secs(1)).await;
        assert!(matches!(contend(&breaker).await, Err(StoreError::Contended(_))), "this is a probe");
        assert_eq!(fail(&breaker, 2).await, 1, "the next is a probe as well, and none after it");
    }

    #[tokio::test]
    async fn a_reading_is_asked_again_while_there_is_budget() {
        let breaker = Breaker::default();
        let calls = AtomicU32::new(0);
        let odd_ones_fail = || async {
            let number = calls.fetch_add(1, Ordering::Relaxed);
            if number.is_multiple_of(2) { away() } else { Ok(()) }
        };
        for _ in 0..MOST / COST {
            breaker.call_again(odd_ones_fail).await.unwrap();
        }
        for _ in 0..100 {
            drop(breaker.call_again(odd_ones_fail).await);
        }
        let asked = calls.load(Ordering::Relaxed);
        let allowed = 2 * MOST / COST + 100 + 110 * EARNED / COST;
        assert!(asked <= allowed, "{asked} calls, where {allowed} are allowed");
    }
}
