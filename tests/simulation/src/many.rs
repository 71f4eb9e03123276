//! Many runs: on all cores, each in one thread.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{Outcome, Seen, run};

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

/// Runs so many seeds from the first on, and tells now and then how many have begun.
///
/// # Panics
///
/// Where a run does.
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
            outcomes.add_run(run(seed));
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
            all.add(worker.join().expect("a run does not panic"));
        }
    });
    all.broken.sort_by_key(|outcome| outcome.seed);
    all
}
