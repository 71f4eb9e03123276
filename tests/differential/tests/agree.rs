//! Federated answers are those of one monolith.

use octavo_differential::run;

const PAIRS: u64 = 20_000;

#[test]
fn federated_answers_are_those_of_one_monolith() {
    let outcome = run(0, PAIRS);
    println!("{}", outcome.tally);
    assert_eq!(outcome.refused, Vec::<String>::new());
    if let Some(failure) = outcome.failures.first() {
        let count = outcome.failures.len();
        panic!("{count} pairs differ; {:?}: {}\n{}", failure.place, failure.finding, failure.description);
    }
    assert!(outcome.tally.pairs >= PAIRS);
}
