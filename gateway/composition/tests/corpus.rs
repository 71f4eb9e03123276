//! Every file of `corpus` is named after a code and holds small cases of it: what is refused or hinted at with that code, and near
//! neighbours that compose without it. The snapshot beside it says what composition finds, and where.
//!
//! A case starts with `### rejected: `, `### hinted: ` or `### accepted: ` and what it is about; each subgraph of it starts with `## ` and
//! a name. Every directive of Federation 2.14 is imported, unless a version follows the name: `v2.3` imports what there was then,
//! `v1` nothing.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use octavo_composition::{Code, Composition, Options, SubgraphInput, compose};
use octavo_diagnostics::{Diagnostic, Severity, Sources};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Rejected,
    Hinted,
    Accepted,
}

struct Case {
    verdict: Verdict,
    title: String,
    /// Name and text of each subgraph.
    subgraphs: Vec<(String, String)>,
}

impl Case {
    fn compose(&self) -> Composition {
        let inputs: Vec<SubgraphInput> =
            self.subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
        compose(&inputs, &Options::default())
    }
}

/// Codes that no subgraphs of a sensible size raise, and the test that raises them.
const ELSEWHERE: [(&str, &str); 2] = [
    ("MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED", "src/satisfy/mod.rs"),
    ("UNKNOWN_CONTRACT_TAG", "tests/contracts/a-tag-that-nothing-has-is-said/contract.json"),
];

const DIRECTIVES: [(u32, &str); 19] = [
    (0, "key"),
    (0, "requires"),
    (0, "provides"),
    (0, "external"),
    (0, "extends"),
    (0, "shareable"),
    (0, "override"),
    (0, "inaccessible"),
    (0, "tag"),
    (1, "composeDirective"),
    (3, "interfaceObject"),
    (5, "authenticated"),
    (5, "requiresScopes"),
    (6, "policy"),
    (8, "context"),
    (8, "fromContext"),
    (9, "cost"),
    (9, "listSize"),
    (12, "cacheTag"),
];

/// The first line of a subgraph's text.
fn link(version: Option<&str>) -> String {
    let minor: u32 = match version {
        Some("v1") => return String::new(),
        Some(version) => version.strip_prefix("v2.").and_then(|minor| minor.parse().ok()).expect("a version"),
        None => 14,
    };
    let known = DIRECTIVES.iter().filter(|(since, _)| *since <= minor);
    let imports: Vec<String> = known.map(|(_, name)| format!("\"@{name}\"")).collect();
    let url = format!("https://specs.apollo.dev/federation/v2.{minor}");
    format!("extend schema @link(url: \"{url}\", import: [{}])\n", imports.join(", "))
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("### ") {
            let (verdict, title) = head.split_once(": ").expect("a verdict and a title");
            let verdict = match verdict {
                "rejected" => Verdict::Rejected,
                "hinted" => Verdict::Hinted,
                other => {
                    assert_eq!(other, "accepted", "{title}");
                    Verdict::Accepted
                }
            };
            cases.push(Case { verdict, title: title.to_owned(), subgraphs: Vec::new() });
        } else if let Some(head) = line.strip_prefix("## ") {
            let (name, version) =
                head.split_once(' ').map_or((head, None), |(name, version)| (name, Some(version)));
            let case = cases.last_mut().expect("a case before its subgraphs");
            case.subgraphs.push((name.to_owned(), link(version)));
        } else if let Some((_, sdl)) = cases.last_mut().and_then(|case| case.subgraphs.last_mut()) {
            sdl.push_str(line);
            sdl.push('\n');
        }
    }
    cases
}

/// The cases of each code.
fn corpus() -> BTreeMap<String, Vec<Case>> {
    let files = fs::read_dir(folder()).expect("a folder of cases");
    let paths = files.map(|file| file.expect("a file").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    texts
        .map(|path| {
            let code = path.file_stem().and_then(|stem| stem.to_str()).expect("a code").to_owned();
            (code, cases(&fs::read_to_string(&path).expect("cases")))
        })
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn has(composition: &Composition, severity: Severity, code: &str) -> bool {
    composition.diagnostics.iter().any(|found| found.severity == severity && found.code == code)
}

/// Each finding with its places, and the text there.
fn report(case: &Case, diagnostics: &[Diagnostic]) -> String {
    let sources: Sources = case.subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
    let mut out = String::new();
    for found in diagnostics {
        let severity = if found.severity == Severity::Error { "error" } else { "hint" };
        let _ = writeln!(out, "{severity} {}: {}", found.code, found.message);
        for label in &found.labels {
            let span = label.span.clone();
            let place = span.and_then(|span| {
                let at = sources.position(&label.source, span.start)?;
                let text = sources.text(&label.source)?.get(span)?;
                Some(format!("{}:{} `{}`", at.line, at.column, text.lines().next().unwrap_or_default()))
            });
            let _ = writeln!(
                out,
                "    {} {} {}",
                label.source,
                place.unwrap_or_else(|| "as a whole".to_owned()),
                label.text
            );
        }
    }
    out
}

#[test]
fn every_case_is_found_to_be_what_it_says() {
    let mut wrong = String::new();
    for (code, cases) in corpus() {
        let mut snapshot = String::new();
        for case in &cases {
            let composition = case.compose();
            let said = report(case, &composition.diagnostics);
            let accepted = composition.supergraph_sdl.is_some();
            let (error, hint) =
                (has(&composition, Severity::Error, &code), has(&composition, Severity::Hint, &code));
            let holds = match case.verdict {
                Verdict::Rejected => !accepted && error,
                Verdict::Hinted => accepted && hint,
                Verdict::Accepted => accepted && !hint,
            };
            if !holds {
                let _ = writeln!(wrong, "{code}: not {:?}: {}\n{said}", case.verdict, case.title);
            }
            let _ = writeln!(snapshot, "### {}\n{said}", case.title);
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(code.clone(), snapshot));
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_is_raised_by_one_case_and_spared_by_a_neighbour() {
    let corpus = corpus();
    let mut missing = Vec::new();
    for &code in Code::ALL {
        let code = code.as_str();
        if let Some((_, test)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == code) {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(test).exists(), "{code}: {test}");
            continue;
        }
        let cases = corpus.get(code).map(Vec::as_slice).unwrap_or_default();
        let raises = cases.iter().any(|case| case.verdict != Verdict::Accepted);
        let spares = cases.iter().any(|case| case.verdict == Verdict::Accepted);
        if !raises || !spares {
            missing.push(format!("{code}: raised {raises}, spared {spares}"));
        }
    }
    let unknown = corpus.keys().filter(|code| !Code::ALL.iter().any(|known| known.as_str() == **code));
    missing.extend(unknown.map(|code| format!("{code} is no code")));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_corpus_is_large_and_says_nothing_twice() {
    let corpus = corpus();
    let all: Vec<&Case> = corpus.values().flatten().collect();
    assert!(all.len() >= 500, "{} cases", all.len());
    for cases in corpus.values() {
        let mut titles: Vec<&str> = cases.iter().map(|case| case.title.as_str()).collect();
        titles.sort_unstable();
        let before = titles.len();
        titles.dedup();
        assert_eq!(titles.len(), before, "{titles:?}");
    }
}

#[test]
fn every_finding_of_the_corpus_names_a_subgraph() {
    for (code, case) in corpus().iter().flat_map(|(code, cases)| cases.iter().map(move |case| (code, case))) {
        for found in case.compose().diagnostics {
            let known = |source: &str| case.subgraphs.iter().any(|(name, _)| name == source);
            assert!(
                found.labels.first().is_some_and(|label| known(&label.source)),
                "{code}: {}: {}",
                case.title,
                found.message
            );
        }
    }
}
