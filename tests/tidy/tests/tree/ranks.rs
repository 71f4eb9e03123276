//! A crate names only crates of a lower rank, and the two halves meet on the wire alone.

use octavo_tidy::{Findings, Manifest, Workspace};

/// The rank of each folder of `gateway/`; a new crate takes a line here.
const GATEWAY: [(&str, u8); 18] = [
    ("index", 0),
    ("language", 1),
    ("diagnostics", 2),
    ("supergraph", 3),
    ("query-graph", 4),
    ("operation", 4),
    ("query-plan", 4),
    ("composition", 5),
    ("query-planner", 5),
    ("executor", 5),
    ("transport", 6),
    ("authentication", 6),
    ("batch", 6),
    ("cache", 6),
    ("checks", 6),
    ("events", 7),
    ("server", 7),
    ("cli", 8),
];

/// Which half of the house a crate belongs to, and its rank there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Gateway(u8),
    /// The kit is 0, a service 1.
    Subgraph(u8),
    /// Names no other crate, and either half may name it.
    Shared,
    /// The one crate that knows both halves.
    Library,
    /// Test crates and tasks: they may name anything, and nothing may name them but their like.
    Support,
}

fn home(manifest: &Manifest) -> Option<Home> {
    let (half, name) = manifest.folder.split_once('/').unwrap_or((&manifest.folder, ""));
    match (half, name) {
        ("gateway", name) => {
            GATEWAY.iter().find(|(folder, _)| *folder == name).map(|(_, rank)| Home::Gateway(*rank))
        }
        ("admission" | "telemetry", "") => Some(Home::Shared),
        ("subgraphs", "lms") => Some(Home::Library),
        ("subgraphs", "kit") => Some(Home::Subgraph(0)),
        ("subgraphs", _) => Some(Home::Subgraph(1)),
        _ => Some(Home::Support),
    }
}

fn may_name(from: Home, to: Home) -> bool {
    match (from, to) {
        (Home::Gateway(from), Home::Gateway(to)) | (Home::Subgraph(from), Home::Subgraph(to)) => to < from,
        (Home::Gateway(_) | Home::Subgraph(_), Home::Shared) | (Home::Support, _) => true,
        (Home::Library, to) => !matches!(to, Home::Library | Home::Support),
        _ => false,
    }
}

#[test]
fn crates_name_only_lower_ranks() {
    let members = Workspace::here().members();
    let mut findings = Findings::default();
    for member in &members {
        let Some(from) = home(member) else {
            findings.add(&member.path(), 1, "has no rank: give it a line in tests/tidy/tests/tree/ranks.rs");
            continue;
        };
        for dependency in member.dependencies() {
            let Some(named) = members.iter().find(|other| other.name() == dependency.name) else { continue };
            // A test may drive a running engine, whichever crate it stands in.
            let drives_engines = dependency.kind == octavo_tidy::DependencyKind::Dev;
            let Some(to) = home(named) else { continue };
            if may_name(from, to) || (drives_engines && to == Home::Support) {
                continue;
            }
            let advice = format!(
                "{} ({from:?}) names {} ({to:?}): move the code to the lower crate, or the test to tests/suites",
                member.folder, named.folder
            );
            findings.add(&member.path(), dependency.line, advice);
        }
    }
    findings.assert_none("a crate may name only crates of a lower rank");
}

#[test]
fn ranks_are_told_apart() {
    assert!(may_name(Home::Gateway(5), Home::Gateway(4)));
    assert!(!may_name(Home::Gateway(5), Home::Gateway(5)));
    assert!(!may_name(Home::Gateway(8), Home::Subgraph(0)));
    assert!(!may_name(Home::Subgraph(1), Home::Subgraph(1)));
    assert!(!may_name(Home::Subgraph(1), Home::Gateway(0)));
    assert!(may_name(Home::Gateway(6), Home::Shared) && may_name(Home::Subgraph(0), Home::Shared));
    assert!(!may_name(Home::Shared, Home::Gateway(0)));
    assert!(may_name(Home::Library, Home::Gateway(8)));
    assert!(!may_name(Home::Gateway(8), Home::Support));
}
