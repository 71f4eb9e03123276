//! Mistakes made on purpose are found.

use octavo_differential::{Fault, find};

const PAIRS: u64 = 2_000;

#[test]
fn every_fault_is_found_within_two_thousand_pairs() {
    let mut missed = Vec::new();
    for fault in Fault::ALL {
        match find(fault, PAIRS) {
            Some(pairs) => println!("{fault:?} after {pairs} pairs"),
            None => missed.push(fault),
        }
    }
    assert_eq!(missed, []);
}
