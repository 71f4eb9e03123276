//! A process that is told to end at a place ends there.

use std::process::{Command, Output};

fn abort_at(place: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_octavo-simulation");
    Command::new(program).args(["--seeds", "1", "--abort-at", place]).output().expect("the program runs")
}

#[test]
fn a_process_ends_at_the_named_place() {
    let ended = abort_at("relay.after_publish:3");
    assert_eq!(ended.status.code(), None, "it ended by a signal: {ended:?}");
}

#[test]
fn a_process_that_never_comes_there_goes_on() {
    let ended = abort_at("relay.after_publish:1000000");
    assert!(ended.status.code().is_some(), "{ended:?}");
}

#[test]
fn a_wrong_place_names_the_right_ones() {
    for wrong in ["relay", "relay.after_publish:0", "relay.after_publish:x"] {
        let refused = abort_at(wrong);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(wrong) && said.contains("relay.after_publish"), "{said}");
    }
}
