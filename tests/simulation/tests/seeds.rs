//! What holds of every run, and that runs see what can happen.

use std::io::Write as _;

use octavo_simulation::{run_all, run_in_words};

/// Minutes of two cores; the command runs more.
const SEEDS: u64 = 20_000;

#[test]
fn every_rule_holds_and_everything_that_can_happen_does() {
    let outcomes = run_all(0, SEEDS, |begun| {
        // Past the harness, which shows nothing before the end: whoever waits sees that it goes on.
        let _ = writeln!(std::io::stdout(), "{begun} of {SEEDS} seeds");
    });
    let (seen, complaints) = (&outcomes.seen, outcomes.complaints());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(seen.missing(), [""; 0]);
    assert_eq!(seen.unexpected(), [""; 0]);
    assert!(seen.faults >= 5 * SEEDS && seen.sagas.values().sum::<u64>() >= 20 * SEEDS, "{seen:?}");
    assert!(seen.transfers > 0 && seen.failures > 0 && seen.ends > 0, "{seen:?}");
}

#[test]
fn a_seed_gives_the_same_run() {
    let seeds = [3, 17];
    let [first, second] = [seeds.map(run_in_words), seeds.map(run_in_words)];
    for (first, second) in first.iter().zip(&second) {
        assert!(first.trace == second.trace, "seed {} gave two runs", first.seed);
        assert!(first.trace.lines.len() > 100, "seed {}: a trace of a run says what happened", first.seed);
    }
    assert_ne!(first[0].trace.digest, first[1].trace.digest);
}
