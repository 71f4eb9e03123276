//! Federated answers are those of one monolith, and the pairs that show it meet everything.

use octavo_differential::run;

const PAIRS: u64 = 20_000;

/// What at least one pair in twenty meets.
const MET: [&str; 21] = [
    "Shareable",
    "External",
    "Requires",
    "Provides",
    "Override",
    "InterfaceObject",
    "EntityInterface",
    "Inaccessible",
    "Extends",
    "QueryInside",
    "FromContext",
    "Unresolvable",
    "ListOfLists",
    "AbstractType",
    "Fragment",
    "Condition",
    "Variable",
    "Mutation",
    "Errors",
    "NullPropagation",
    "Keys",
];

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
    let rare: Vec<&str> = MET.into_iter().filter(|name| outcome.tally.share(name) < 5).collect();
    assert_eq!(rare, Vec::<&str>::new(), "one pair in twenty meets each");
    assert!(outcome.tally.median_fetches() >= 3);
    assert!(outcome.tally.median_steps() >= 2);
}
