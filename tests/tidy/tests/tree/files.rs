//! The files that a repository of this kind has, and the text that none may hold.

use octavo_tidy::{Findings, Workspace};

const LICENCE: &str = "MIT OR Apache-2.0";

#[test]
fn licences_are_there() {
    let workspace = Workspace::here();
    for (path, sentence) in [
        ("LICENSE-MIT", "Permission is hereby granted, free of charge"),
        ("LICENSE-APACHE", "Apache License"),
    ] {
        let text = workspace.files().iter().any(|file| file == path).then(|| workspace.text(path)).flatten();
        assert!(text.is_some_and(|text| text.contains(sentence)), "{path}: the licence text is missing");
    }
    let root: toml::Table =
        workspace.text("Cargo.toml").unwrap_or_default().parse().expect("Cargo.toml is TOML");
    assert_eq!(
        root["workspace"]["package"]["license"].as_str(),
        Some(LICENCE),
        "Cargo.toml: the SPDX expression"
    );
}

#[test]
fn every_member_names_its_licence() {
    let mut findings = Findings::default();
    for member in Workspace::here().members() {
        let inherited = member.lookup(&["package", "license", "workspace"]).and_then(toml::Value::as_bool);
        if inherited != Some(true) {
            findings.add(&member.path(), 1, "add `license.workspace = true`");
        }
        let description = member.lookup(&["package", "description"]).and_then(toml::Value::as_str);
        if description.is_none_or(str::is_empty) {
            findings.add(&member.path(), 1, "add a `description` of one sentence");
        }
    }
    findings.assert_none("every member says what it is and under which licence");
}

#[test]
fn dependencies_are_named_once() {
    let mut findings = Findings::default();
    for member in Workspace::here().members() {
        for dependency in member.dependencies().into_iter().filter(|dependency| !dependency.inherited) {
            let advice =
                format!("{}: its version stands in the root's [workspace.dependencies]", dependency.name);
            findings.add(&member.path(), dependency.line, advice);
        }
    }
    findings.assert_none("every version stands once, in the root manifest");
}

#[test]
fn no_text_names_a_machine() {
    // Written in parts so that this file keeps its own rule.
    let folders = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("C:\\", "Users"),
    ];
    let workspace = Workspace::here();
    let mut findings = Findings::default();
    for path in workspace.files() {
        let Some(text) = workspace.text(path) else { continue };
        for (index, line) in text.lines().enumerate() {
            for folder in folders.iter().filter(|folder| line.contains(**folder)) {
                findings.add(
                    path,
                    index + 1,
                    format!("{folder} is a folder of one machine: write a relative path"),
                );
            }
        }
    }
    findings.assert_none("no committed text names a folder of a machine");
}

#[test]
fn nothing_built_is_committed() {
    let built = ["whl", "jar", "zip", "so", "exe", "class", "rlib", "sqlite", "log"];
    let mut findings = Findings::default();
    for path in Workspace::here().files() {
        let kind = path.rsplit('.').next().unwrap_or_default();
        if built.contains(&kind) {
            findings.add(
                path,
                1,
                "packages, binaries and data are brought or made, not committed: remove it",
            );
        }
    }
    findings.assert_none("only sources are committed");
}

#[test]
fn the_readme_begins_with_its_two_commands() {
    let readme = Workspace::here().text("README.md").unwrap_or_default();
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cargo ")).take(2).collect();
    assert!(
        commands[0].starts_with("cargo run --release "),
        "README.md: first how to run it, not {commands:?}"
    );
    assert!(commands[1].starts_with("cargo xtask test "), "README.md: then how to test it, not {commands:?}");
}

#[test]
fn the_readme_shows_the_suggested_query() {
    let suggested = "subgraphs/lms/src/suggested.graphql";
    let workspace = Workspace::here();
    let query = workspace.text(suggested).unwrap_or_default();
    let query: Vec<&str> = query.lines().filter(|line| !line.starts_with('#')).collect();
    let readme = workspace.text("README.md").unwrap_or_default();
    let shown =
        readme.split("```graphql\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    assert_eq!(shown.trim_end(), query.join("\n"), "README.md: show the query of {suggested}");
}
