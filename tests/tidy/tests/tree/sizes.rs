//! Files stay small enough to be read at once.

use octavo_tidy::{Findings, Workspace};

const LONGEST: usize = 600;
const MEDIAN: usize = 120;
const NINETY_FIFTH: usize = 400;
/// The root of a crate is its table of contents.
const ROOT: usize = 120;

fn lengths() -> Vec<(usize, &'static str)> {
    let files = Workspace::here().rust_files().iter().filter(|file| !file.is_test());
    let mut lengths: Vec<_> = files.map(|file| (file.lines_without_tests(), file.path.as_str())).collect();
    lengths.sort_unstable();
    lengths
}

#[test]
fn no_file_is_longer_than_the_limit() {
    let mut findings = Findings::default();
    for (length, path) in lengths().iter().filter(|(length, _)| *length > LONGEST) {
        findings.add(path, 1, format!("{length} lines without tests, at most {LONGEST}: split it by noun"));
    }
    findings.assert_none("no file is long");
}

#[test]
fn roots_of_crates_are_tables_of_contents() {
    let mut findings = Findings::default();
    for (length, path) in
        lengths().iter().filter(|(length, path)| path.ends_with("/src/lib.rs") && *length > ROOT)
    {
        findings.add(
            path,
            1,
            format!("{length} lines, at most {ROOT}: keep docs, modules, exports and one entry here"),
        );
    }
    findings.assert_none("lib.rs is read first, and at once");
}

#[test]
fn most_files_are_short() {
    let lengths = lengths();
    let at = |part: usize| &lengths[(lengths.len() * part / 100).min(lengths.len() - 1)];
    let (median, _) = at(50);
    let (ninety_fifth, _) = at(95);
    let longest: Vec<String> =
        lengths.iter().rev().take(8).map(|(length, path)| format!("  {path}: {length} lines")).collect();
    assert!(
        *median <= MEDIAN && *ninety_fifth <= NINETY_FIFTH,
        "without tests the median file has {median} lines (at most {MEDIAN}) and 95 % have up to {ninety_fifth} \
         (at most {NINETY_FIFTH}); split the longest:\n{}",
        longest.join("\n")
    );
}
