//! Texts that nobody should send: whatever a client or a subgraph sends, the gateway answers with JSON, and with no key that was not
//! asked for.

use octavo_differential::{hostile_answers, hostile_operations};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{collection, sample};

/// Pieces of operations, to be put in any order.
const PIECES: [&str; 36] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "...",
    "on",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "A",
    "Query",
    "$a",
    "$",
    "@skip",
    "@include(if: $a)",
    "@",
    "if",
    "true",
    "null",
    "1",
    "-0",
    "1e999",
    "\"",
    "\"\"\"",
    "\\u0000",
    "\"\\ud800\"",
    "#",
    "\u{feff}",
    "\0",
    "é",
    "=",
    "!",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn operations_of_any_pieces_are_answered(pieces in collection::vec(sample::select(&PIECES[..]), 0..60)) {
        hostile_operations(&[pieces.join(" "), pieces.concat()]);
    }

    #[test]
    fn operations_of_any_characters_are_answered(text in any::<String>(), bytes in collection::vec(any::<u8>(), 0..80)) {
        hostile_operations(&[text, String::from_utf8_lossy(&bytes).into_owned()]);
    }

    #[test]
    fn deep_operations_are_answered(open in sample::select(&["{ a ", "[", "(a: [", "{ ... on A { a "][..]), depth in 0_usize..3_000) {
        hostile_operations(&[format!("query {}", open.repeat(depth)), format!("{{ a(b: {}", open.repeat(depth))]);
    }
}

#[test]
fn mutated_answers_become_valid_responses() {
    let survived = hostile_answers(0, 4_000);
    assert!(survived.mutated >= 4_000, "{survived:?}");
    assert!(survived.with_errors > survived.mutated / 4, "most mutations are noticed: {survived:?}");
}
