//! Outside crates have a place: the parser in `language`, HTTP at the edges, drivers beside their stores.

use octavo_tidy::{DependencyKind, Findings, Manifest, RustFile, Workspace};

/// Crates of the outside, the half of the house the rule is for, and the folders that may name them.
struct Place {
    crates: &'static [&'static str],
    half: &'static str,
    allowed: &'static [&'static str],
}

const PLACES: [Place; 9] = [
    Place { crates: &["apollo-compiler", "apollo-parser"], half: "gateway/", allowed: &["gateway/language"] },
    Place {
        crates: &[
            "axum",
            "http",
            "http-body",
            "http-body-util",
            "hyper",
            "hyper-util",
            "tower-http",
            "tokio-tungstenite",
            "tungstenite",
        ],
        half: "gateway/",
        allowed: &["gateway/authentication", "gateway/server", "gateway/transport"],
    },
    // The command asks services itself: it is their operator, not their client.
    Place {
        crates: &["reqwest"],
        half: "gateway/",
        allowed: &["gateway/authentication", "gateway/cli", "gateway/server", "gateway/transport"],
    },
    Place { crates: &["jsonwebtoken"], half: "gateway/", allowed: &["gateway/authentication"] },
    Place { crates: &["redis"], half: "gateway/", allowed: &["gateway/cache"] },
    Place { crates: &["pulsar"], half: "gateway/", allowed: &["gateway/events"] },
    Place { crates: &["sqlx", "mongodb", "bson"], half: "gateway/", allowed: &[] },
    Place { crates: &["axum", "async-graphql-axum"], half: "subgraphs/", allowed: &["subgraphs/kit"] },
    Place { crates: &["apollo-compiler", "apollo-parser"], half: "subgraphs/", allowed: &[] },
];

/// What the executor and the planner must not see.
const BLIND: [(&str, &[&str]); 3] = [
    ("gateway/executor", &["octavo-language", "octavo-operation"]),
    ("gateway/query-planner", &["tokio", "futures", "url", "async-trait"]),
    ("gateway/query-plan", &["octavo-operation", "octavo-query-graph", "tokio", "futures"]),
];

const DRIVERS: [&str; 7] = ["sqlx", "mongodb", "bson", "pulsar", "redis", "rusqlite", "tantivy"];

fn shipped(manifest: &Manifest) -> impl Iterator<Item = octavo_tidy::Dependency> {
    manifest.dependencies().into_iter().filter(|dependency| dependency.kind != DependencyKind::Dev)
}

#[test]
fn outside_crates_keep_to_their_places() {
    let mut findings = Findings::default();
    for member in Workspace::here().members() {
        let rules = PLACES.iter().filter(|place| {
            member.folder.starts_with(place.half) && !place.allowed.contains(&member.folder.as_str())
        });
        for place in rules {
            for dependency in shipped(&member).filter(|named| place.crates.contains(&named.name.as_str())) {
                let advice = match place.allowed {
                    [] => format!("{} is named nowhere in {}", dependency.name, place.half),
                    some => format!(
                        "{} is named only by {}: go through its types",
                        dependency.name,
                        some.join(", ")
                    ),
                };
                findings.add(&member.path(), dependency.line, advice);
            }
        }
    }
    findings.assert_none("each outside crate has its place");
}

#[test]
fn executor_and_planner_stay_blind() {
    let mut findings = Findings::default();
    let members = Workspace::here().members();
    for (folder, unseen) in BLIND {
        for member in members.iter().filter(|member| member.folder == folder) {
            for dependency in shipped(member).filter(|named| unseen.contains(&named.name.as_str())) {
                let advice = format!("{folder} must not see {}: pass plain data in", dependency.name);
                findings.add(&member.path(), dependency.line, advice);
            }
        }
    }
    findings.assert_none("the executor sees no syntax, the planner no input or output");
}

#[test]
fn drivers_stay_in_store_folders() {
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        let stores = file.path.contains("/src/store/") || file.path.ends_with("/src/store.rs");
        let kit = file.path.starts_with("subgraphs/kit/");
        if !file.path.starts_with("subgraphs/") || stores || kit {
            continue;
        }
        for driver in DRIVERS {
            for line in path_uses(file, driver) {
                let advice =
                    format!("{driver} is named only in store/ folders and in kit: use the store's trait");
                findings.add(&file.path, line, advice);
            }
        }
    }
    findings.assert_none("a service names its database driver in store/ alone");
}

#[test]
fn environment_is_read_by_binaries_alone() {
    let reads =
        ["var", "var_os", "vars", "vars_os", "args", "args_os", "current_dir", "current_exe", "temp_dir"];
    let mut findings = Findings::default();
    for file in houses().filter(|file| !reads_environment(&file.path)) {
        for read in reads {
            for line in file.occurrences(&["env", ":", ":", read]) {
                let advice = "the environment is read in cli, lms and main.rs alone: take an option instead";
                findings.add(&file.path, line, advice);
            }
        }
    }
    findings.assert_none("the environment is read in one place of each binary");
}

#[test]
fn gateway_reads_files_in_the_command_alone() {
    let mut findings = Findings::default();
    for file in houses().filter(|file| file.path.starts_with("gateway/") && !reads_environment(&file.path)) {
        for owner in ["std", "tokio"] {
            for line in file.occurrences(&[owner, ":", ":", "fs"]) {
                findings.add(&file.path, line, "files are read in gateway/cli alone: take the text instead");
            }
        }
    }
    findings.assert_none("below the command, the gateway knows no file system");
}

#[test]
fn timers_run_at_the_edges() {
    let edges = [
        "gateway/authentication/",
        "gateway/transport/",
        "gateway/batch/",
        "gateway/cache/",
        "gateway/events/",
        "gateway/server/",
        "gateway/cli/",
        "subgraphs/kit/",
        "subgraphs/lms/",
    ];
    let mut findings = Findings::default();
    for file in houses().filter(|file| !edges.iter().any(|edge| file.path.starts_with(edge))) {
        for line in file.occurrences(&["tokio", ":", ":", "time"]) {
            findings.add(
                &file.path,
                line,
                "runtime timers stay at the edges: take a clock that is passed in",
            );
        }
    }
    findings.assert_none("time comes through a clock that is passed in");
}

#[test]
fn gateway_leaks_nothing() {
    let mut findings = Findings::default();
    for file in houses().filter(|file| file.path.starts_with("gateway/")) {
        for line in file.occurrences(&["leak", "("]) {
            findings.add(
                &file.path,
                line,
                "a value belongs to one supergraph or one operation: own it there",
            );
        }
        for line in file.occurrences(&["thread_local", "!"]) {
            findings.add(&file.path, line, "nothing is kept in a thread: pass the value in");
        }
    }
    findings.assert_none("interners and caches are values with an owner");
}

/// The files of both halves of the house.
fn houses() -> impl Iterator<Item = &'static RustFile> {
    let here = |file: &&RustFile| file.path.starts_with("gateway/") || file.path.starts_with("subgraphs/");
    Workspace::here().rust_files().iter().filter(here)
}

/// The two front doors, and the roots of binaries, examples included.
fn reads_environment(path: &str) -> bool {
    let front_door = path.starts_with("gateway/cli/") || path.starts_with("subgraphs/lms/");
    front_door || path.ends_with("/src/main.rs") || path.contains("/examples/")
}

/// The lines that name a crate in a path or an import.
fn path_uses(file: &RustFile, name: &str) -> Vec<usize> {
    let mut lines = file.occurrences(&[name, ":", ":"]);
    lines.extend(file.occurrences(&["use", name]));
    lines
}
