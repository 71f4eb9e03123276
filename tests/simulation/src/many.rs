//! Many runs: on all cores, each in one thread.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
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

/// Runs so many seeds from the first on.
///
/// # Panics
///
/// Where a run does.
#[must_use]
pub fn run_all(first: u64, number: u64) -> Outcomes {
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
        for worker in workers {
            all.add(worker.join().expect("a run does not panic"));
        }
    });
    all.broken.sort_by_key(|outcome| outcome.seed);
    all
}
