//! Each suite and each of its cases as a test of its own.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use octavo_suites::{Suite, check_case, check_coordinates, check_suite, suites};

fn main() -> ExitCode {
    let suites = suites().expect("the corpus stands beside this file");
    let trials = suites.into_iter().flat_map(trials).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials(suite: Suite) -> Vec<Trial> {
    let mut trials = Vec::new();
    for name in &suite.cases {
        let title = format!("{}::{name}", suite.name);
        let (suite, case) = (suite.clone(), suite.case(name));
        let run = move || check_case(&suite, &case).map_err(|error| Failed::from(format!("{error:#}")));
        trials.push(Trial::test(title, run));
    }
    let whole = suite.clone();
    trials.push(Trial::test(format!("{}::every_field_can_be_planned", suite.name), move || {
        check_coordinates(&whole).map_err(|error| Failed::from(format!("{error:#}")))
    }));
    trials.push(Trial::test(format!("{}::composes", suite.name), move || {
        check_suite(&suite).map_err(|error| Failed::from(format!("{error:#}")))
    }));
    trials
}
