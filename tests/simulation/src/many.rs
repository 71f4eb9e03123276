//! Many runs: on all cores, each in one thread.

use std::{
    panic::catch_unwind,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{Outcome, Seen, Trace, run};

/// What many runs have found.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// What they have seen together.
    pub seen: Seen,
    /// Those in which a rule was broken, by their seeds; what they have seen is with the others.
    pub broken: Vec<Outcome>,
}

impl Outcomes {
    /// What was broken, in words.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let of_run = |run: &Outcome| {
            let complaints = run.broken.iter().map(|rule| format!("seed {}: {rule}", run.seed));
            complaints.collect::<Vec<_>>()
        };
        self.broken.iter().flat_map(of_run).collect()
    }

    fn add_run(&mut self, mut outcome: Outcome) {
        self.seen.add(std::mem::take(&mut outcome.seen));
        if !outcome.broken.is_empty() {
            self.broken.push(outcome);
        }
    }

    fn add(&mut self, other: Self) {
        self.seen.add(other.seen);
        self.broken.extend(other.broken);
    }
}

/// How often it is told how far runs have come.
const TELLS_EVERY: Duration = Duration::from_secs(10);
/// How often is looked whether all have ended.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// Runs a seed; if that panics, the run is broken, and the others go on.
fn run_or_panic(seed: u64) -> Outcome {
    catch_unwind(|| run(seed)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        let broken = vec![format!("it panics: {text}")];
        Outcome { seed, broken, seen: Seen::default(), trace: Trace::new(false), virtual_ms: 0 }
    })
}

/// Runs so many seeds from the first on, and tells now and then how many have begun.
///
/// # Panics
///
/// Never: a run that does is broken.
#[must_use]
pub fn run_all(first: u64, number: u64, tell: impl Fn(u64)) -> Outcomes {
    let next = AtomicU64::new(first);
    let work = || {
        let mut outcomes = Outcomes::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first.saturating_add(number) {
                return outcomes;
            }
            outcomes.add_run(run_or_panic(seed));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut all = Outcomes::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut told = Instant::now();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(LOOKS_EVERY);
            if told.elapsed() >= TELLS_EVERY {
                tell((next.load(Ordering::Relaxed) - first).min(number));
                told = Instant::now();
            }
        }
        for worker in workers {
            all.add(worker.join().expect("a panic of a run is caught"));
        }
    });
    all.broken.sort_by_key(|outcome| outcome.seed);
    all
}
