//! After a failure the server is left alone for a while, longer each time, so that its absence costs no request anything.

use std::sync::Mutex;
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(crate) struct Pause(Mutex<Option<Failing>>);

#[derive(Clone, Copy)]
struct Failing {
    until: Instant,
    length: Duration,
}

impl Pause {
    /// Whether the server may be asked. After a pause one caller goes first; the others wait until it is known how that ends.
    pub(crate) fn may_ask(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &mut *state {
            None => true,
            Some(failing) if now < failing.until => false,
            Some(failing) => {
                failing.until = now + failing.length;
                true
            }
        }
    }

    /// Notes a failure; whether it is the first of a series.
    pub(crate) fn failed(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let length = state.map_or(FIRST, |failing| (failing.length * 2).min(LONGEST));
        let first = state.is_none();
        *state = Some(Failing { until: now + length, length });
        first
    }

    /// Notes a success; whether it ends a series of failures.
    pub(crate) fn succeeded(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pause;

    #[test]
    fn a_failing_server_is_asked_by_one_caller_after_each_pause() {
        let (pause, start) = (Pause::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert!(pause.may_ask(at(0)) && pause.may_ask(at(0)));
        assert!(pause.failed(at(0)));
        assert!(!pause.may_ask(at(99)));
        assert!(pause.may_ask(at(100)) && !pause.may_ask(at(101)), "one caller only");
        assert!(!pause.failed(at(110)));
        assert!(!pause.may_ask(at(309)) && pause.may_ask(at(310)), "the pause doubles");
        assert!(pause.succeeded() && !pause.succeeded());
        assert!(pause.may_ask(at(311)) && pause.may_ask(at(311)));
    }
}
