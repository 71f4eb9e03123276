//! A domain is added beside those that are there, and changes none of them.

use std::io::Write;

use octavo_tidy::{Findings, History, Workspace};

/// The services that were there before.
const EARLIER: [&str; 4] = ["authors", "books", "genres", "users"];
/// Those that came later, each with the word by which its domain is known.
const LATER: [(&str, &str); 2] = [("lendings", "lending"), ("reports", "reports")];

#[test]
fn earlier_services_do_not_know_later_ones() {
    let workspace = Workspace::here();
    let mut findings = Findings::default();
    for path in workspace.files().iter().filter(|path| is_of_earlier_service(path)) {
        let Some(text) = workspace.text(path) else { continue };
        for (index, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            for (service, word) in LATER.into_iter().filter(|(_, word)| line.contains(word)) {
                let advice = format!(
                    "`{word}` belongs to {service}, which came later: let {service} hear this service's events, add \
                     its fields to the entity, or ask by a step of a saga"
                );
                findings.add(path, index + 1, advice);
            }
        }
    }
    findings.assert_none("a service names none that was added after it");
}

#[test]
fn later_services_came_without_a_change_of_earlier_ones() {
    let Some(history) = History::whole() else {
        return not_looked("this checkout has not the whole history (`git fetch --unshallow` brings it)");
    };
    let mut findings = Findings::default();
    for (service, _) in LATER {
        let manifest = format!("subgraphs/{service}/Cargo.toml");
        let Some(commit) = history.commit_that_added(&manifest) else {
            not_looked(&format!("no commit of this history adds {manifest} to what was there before"));
            continue;
        };
        for path in history.files_changed_by(&commit).iter().filter(|path| is_of_earlier_service(path)) {
            findings.add(path, 1, format!("changed by {commit}, which added {service}"));
        }
    }
    findings.assert_none("a domain is added without a change of those that are there");
}

fn is_of_earlier_service(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("subgraphs") && parts.next().is_some_and(|service| EARLIER.contains(&service))
}

/// Says past the harness, which keeps to itself what a test that succeeds prints.
fn not_looked(reason: &str) {
    let said = writeln!(
        std::io::stderr(),
        "what the commits that added services changed was not looked at: {reason}"
    );
    said.expect("standard error can be written");
}
