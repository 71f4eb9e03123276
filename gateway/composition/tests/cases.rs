//! Every folder under `cases` is composed: what it is refused for stands in its path, all else in the snapshot beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use octavo_composition::{Composition, Options, SubgraphInput, compose};
use octavo_diagnostics::{Severity, Sources, render};

struct Case {
    folder: PathBuf,
    /// Name and text of each subgraph, by name.
    subgraphs: Vec<(String, String)>,
}

impl Case {
    fn compose(&self) -> Composition {
        let inputs: Vec<SubgraphInput> =
            self.subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
        compose(&inputs, &Options::default())
    }

    fn report(&self, composition: &Composition) -> String {
        let sources: Sources =
            self.subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
        render::human(&composition.diagnostics, &sources)
    }
}

#[test]
fn accepted_cases_compose_into_their_snapshot() {
    for case in cases("accepted") {
        let composition = case.compose();
        let report = case.report(&composition);
        let supergraph =
            composition.supergraph_sdl.unwrap_or_else(|| panic!("{}\n{report}", case.folder.display()));
        snapshot(&case, &format!("{}\n{report}", without_boilerplate(&supergraph)));
    }
}

#[test]
fn rejected_cases_carry_the_code_of_their_folder() {
    for case in cases("rejected") {
        let composition = case.compose();
        assert!(composition.supergraph_sdl.is_none(), "{}", case.folder.display());
        let codes: BTreeSet<&str> = composition
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| diagnostic.code)
            .collect();
        let expected =
            case.folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a code");
        assert!(codes.contains(expected), "{}: {codes:?}", case.folder.display());
        snapshot(&case, &case.report(&composition));
    }
}

#[test]
fn the_order_of_subgraphs_does_not_matter() {
    for mut case in cases("accepted") {
        let forwards = case.compose().supergraph_sdl;
        case.subgraphs.reverse();
        assert_eq!(case.compose().supergraph_sdl, forwards, "{}", case.folder.display());
    }
}

#[test]
fn every_error_names_a_subgraph() {
    for case in cases("rejected") {
        for diagnostic in case.compose().diagnostics {
            let label = diagnostic.labels.first();
            assert!(
                label.is_some_and(|label| case.subgraphs.iter().any(|(name, _)| *name == label.source)),
                "{}: {}",
                case.folder.display(),
                diagnostic.message
            );
        }
    }
}

fn cases(kind: &str) -> Vec<Case> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(kind)];
    while let Some(folder) = folders.pop() {
        let mut subgraphs = Vec::new();
        for entry in fs::read_dir(&folder).expect("a folder of cases") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "graphql") {
                let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
                subgraphs.push((name, fs::read_to_string(&path).expect("a schema")));
            }
        }
        subgraphs.sort();
        if !subgraphs.is_empty() {
            found.push(Case { folder, subgraphs });
        }
    }
    assert!(!found.is_empty(), "no case of kind {kind}");
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

/// The supergraph without what is the same in each.
fn without_boilerplate(supergraph: &str) -> String {
    let same = [
        "directive @join__",
        "directive @link",
        "scalar join__",
        "scalar link__",
        "enum link__",
        "input join__",
    ];
    let blocks = supergraph.split("\n\n").filter(|block| {
        let block = block.trim_start();
        let is_rest_of_purpose = block.starts_with("\"\"\"\n  `EXECUTION`");
        !is_rest_of_purpose && !same.iter().any(|start| block.starts_with(start))
    });
    blocks.map(str::trim_end).collect::<Vec<_>>().join("\n\n")
}

fn snapshot(case: &Case, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&case.folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("expected", text));
}
