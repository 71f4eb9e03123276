//! Small habits, each cheap to keep and dear to bring back.

use octavo_tidy::{Findings, RustFile, Token, Workspace};

#[test]
fn every_member_inherits_the_lints() {
    let mut findings = Findings::default();
    for member in Workspace::here().members() {
        let inherits = member.lookup(&["lints", "workspace"]).and_then(toml::Value::as_bool);
        if inherits != Some(true) {
            findings.add(&member.path(), 1, "add `[lints]` with `workspace = true`");
        }
    }
    findings.assert_none("every member inherits the workspace's lints");
}

#[test]
fn unsafe_code_is_forbidden() {
    let root = Workspace::here().text("Cargo.toml").unwrap_or_default();
    assert!(
        root.contains("unsafe_code = \"forbid\""),
        "Cargo.toml: forbid unsafe_code in the workspace's lints"
    );
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        for line in file.occurrences(&["unsafe"]) {
            findings.add(&file.path, line, "no unsafe code: use a crate that keeps the invariant");
        }
    }
    findings.assert_none("no unsafe code");
}

#[test]
fn every_module_says_what_it_is() {
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        let first = file.text.lines().find(|line| !line.trim().is_empty());
        if !first.is_some_and(|line| line.starts_with("//!")) {
            findings.add(&file.path, 1, "open the module with `//!` and one sentence on what it is for");
        }
    }
    findings.assert_none("every module opens with its documentation");
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two parts so that this file keeps its own rule.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        for (index, line) in file.text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| has_word(line, mark)) {
                findings.add(&file.path, index + 1, format!("{mark}: do it now, or leave it out"));
            }
        }
        for name in ["todo", "unimplemented"] {
            for line in file.occurrences(&[name, "!"]) {
                findings.add(&file.path, line, format!("{name}!: write it, or return an error"));
            }
        }
    }
    findings.assert_none("nothing is left for later");
}

#[test]
fn no_test_is_ignored() {
    let attribute = concat!("#[", "ignore");
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        for (index, _) in
            file.text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with(attribute))
        {
            findings.add(&file.path, index + 1, "a test runs or does not exist: mend it or delete it");
        }
    }
    findings.assert_none("no test is ignored");
}

#[test]
fn failures_are_handled() {
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        for line in file.occurrences(&[".", "unwrap", "(", ")"]) {
            findings.add(&file.path, line, "return the error, or `expect(\"why it holds\")`");
        }
    }
    findings.assert_none("no unwrap outside tests");
}

#[test]
fn modules_are_named_after_what_they_hold() {
    let empty = ["util", "utils", "helper", "helpers", "common", "misc"];
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        let names_nothing = |part: &str| empty.contains(&part.trim_end_matches(".rs"));
        if file.path.split('/').any(names_nothing) {
            findings.add(
                &file.path,
                1,
                "name the module after a noun of the domain, and split it where it has several",
            );
        }
    }
    findings.assert_none("no module is called after nothing");
}

#[test]
fn exports_are_named() {
    let mut findings = Findings::default();
    for file in Workspace::here().rust_files() {
        for line in glob_exports(file) {
            findings.add(
                &file.path,
                line,
                "re-export items by name, so that a reader can find where they are from",
            );
        }
    }
    findings.assert_none("no glob re-export");
}

fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

/// The lines of `pub use …::*`, `pub(crate) use …::*` included.
fn glob_exports(file: &RustFile) -> Vec<usize> {
    let tokens = &file.tokens;
    let starts = tokens.iter().enumerate().filter(|(_, token)| token.is("pub"));
    starts.filter(|(index, _)| is_glob_use(&tokens[index + 1..])).map(|(_, token)| token.line).collect()
}

fn is_glob_use(after_pub: &[Token]) -> bool {
    let restriction = if after_pub.first().is_some_and(|token| token.is("(")) {
        after_pub.iter().position(|token| token.is(")")).map_or(0, |end| end + 1)
    } else {
        0
    };
    let mut item = after_pub[restriction..].iter();
    item.next().is_some_and(|token| token.is("use"))
        && item.take_while(|token| !token.is(";")).any(|token| token.is("*"))
}
