//! What a check found, for people, programs and pull requests.

use std::fmt::Write as _;

use octavo_checks::{Change, Effect};
use octavo_diagnostics::{Diagnostic, Severity, Sources, render};
use serde_json::{Value, json};

use super::operations::Operations;
use super::side::Composed;
use crate::exit::Failure;
use crate::output::write_out;

/// Everything that was found.
pub(super) struct Report<'c> {
    new: &'c Composed,
    pub(super) changes: Vec<Change>,
    pub(super) operations: Operations,
}

impl<'c> Report<'c> {
    pub(super) fn new(new: &'c Composed) -> Self {
        Self { new, changes: Vec::new(), operations: Operations::default() }
    }

    pub(super) fn changes_of(&self, effect: Effect) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.effect == effect)
    }

    /// How many errors there are beside changes: of composition, and in operations.
    pub(super) fn errors(&self) -> usize {
        self.composition_errors().count() + self.operations.diagnostics.len()
    }

    /// The counts in one line.
    pub(super) fn summary(&self) -> String {
        if self.new.api.is_none() {
            return format!("the subgraphs do not compose: errors: {}", self.composition_errors().count());
        }
        let [breaking, dangerous, safe] = self.counts();
        let (files, refused) = (self.operations.files, self.operations.refused.len());
        format!(
            "changes: {breaking} breaking, {dangerous} dangerous, {safe} safe; operation files: {files}, {refused} of them invalid"
        )
    }

    pub(super) fn print_text(&self) -> Result<(), Failure> {
        let sources = self.sources();
        let mut out = render::human(&self.findings(true), &sources);
        for change in self.changes.iter().filter(|change| !is_pictured(change)) {
            let (effect, code) = (change.effect.name(), change.code.name());
            let _ = writeln!(out, "{effect}[{code}]: {}{}", message(change), self.places(change, &sources));
        }
        let _ = write!(out, "{}", self.summary());
        write_out(out.trim_start())
    }

    pub(super) fn print_github(&self) -> Result<(), Failure> {
        let out = render::github(&self.findings(false), &self.sources());
        write_out(&format!("{out}{}", self.summary()))
    }

    pub(super) fn print_json(&self) -> Result<(), Failure> {
        let [breaking, dangerous, safe] = self.counts();
        let sources = self.sources();
        let errors = self.composition_errors().chain(&self.operations.diagnostics);
        let report = json!({
            "breaking": breaking,
            "dangerous": dangerous,
            "safe": safe,
            "changes": self.changes.iter().map(|change| self.json_change(change, &sources)).collect::<Vec<_>>(),
            "operations": { "files": self.operations.files, "invalid": self.operations.refused.len() },
            "errors": errors.map(|error| json_error(error, &sources)).collect::<Vec<_>>(),
        });
        write_out(&report.to_string())
    }

    fn counts(&self) -> [usize; 3] {
        [Effect::Breaking, Effect::Dangerous, Effect::Safe].map(|effect| self.changes_of(effect).count())
    }

    fn composition_errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.new.diagnostics.iter().filter(|found| found.severity == Severity::Error)
    }

    fn sources(&self) -> Sources<'_> {
        let schemas = self.new.subgraphs.iter().map(|one| (one.file.as_str(), one.sdl.as_str()));
        let operations = self.operations.refused.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        schemas.chain(operations).collect()
    }

    /// What is worth a place: errors, and what is not safe; of the subgraphs' own changes only if `for_clients` is not asked.
    fn findings(&self, for_clients: bool) -> Vec<Diagnostic> {
        let mut findings: Vec<Diagnostic> = self.composition_errors().cloned().collect();
        findings.extend(self.operations.diagnostics.iter().cloned());
        let told = |change: &&Change| {
            if for_clients { is_pictured(change) } else { change.effect != Effect::Safe }
        };
        findings.extend(self.changes.iter().filter(told).map(|change| self.diagnostic(change)));
        findings
    }

    fn diagnostic(&self, change: &Change) -> Diagnostic {
        let of = match change.effect {
            Effect::Breaking => Diagnostic::error,
            Effect::Dangerous | Effect::Safe => Diagnostic::hint,
        };
        let diagnostic = of(change.code.name(), message(change));
        change.places.iter().fold(diagnostic, |diagnostic, place| {
            diagnostic.at(self.file(&place.subgraph), place.span.clone(), "")
        })
    }

    fn file<'s>(&'s self, subgraph: &'s str) -> &'s str {
        let found = self.new.subgraphs.iter().find(|one| one.name == subgraph);
        found.map_or(subgraph, |one| &one.file)
    }

    /// Where a change is to be seen, in parentheses; nothing where it is not to be seen any more.
    fn places(&self, change: &Change, sources: &Sources<'_>) -> String {
        let places = change.places.iter().filter_map(|place| {
            let file = self.file(&place.subgraph);
            let at = sources.position(file, place.span.as_ref()?.start)?;
            Some(format!("{file}:{}:{}", at.line, at.column))
        });
        let places: Vec<String> = places.collect();
        if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
    }

    fn json_change(&self, change: &Change, sources: &Sources<'_>) -> Value {
        let locations = change
            .places
            .iter()
            .map(|place| location(self.file(&place.subgraph), place.span.clone(), sources));
        json!({
            "effect": change.effect.name(),
            "code": change.code.name(),
            "subgraph": change.subgraph,
            "coordinate": change.coordinate.to_string(),
            "message": change.message,
            "locations": locations.collect::<Vec<_>>(),
        })
    }
}

/// What clients have to look at is shown as a picture of its place; the rest is a line each.
fn is_pictured(change: &Change) -> bool {
    change.subgraph.is_none() && change.effect != Effect::Safe
}

fn message(change: &Change) -> String {
    match &change.subgraph {
        Some(subgraph) => format!("{subgraph}: {}", change.message),
        None => change.message.clone(),
    }
}

fn json_error(error: &Diagnostic, sources: &Sources<'_>) -> Value {
    let locations = error.labels.iter().map(|label| location(&label.source, label.span.clone(), sources));
    json!({ "code": error.code, "message": error.message, "locations": locations.collect::<Vec<_>>() })
}

fn location(file: &str, span: Option<std::ops::Range<usize>>, sources: &Sources<'_>) -> Value {
    let position = |offset| sources.position(file, offset);
    match span.and_then(|span| Some((position(span.start)?, position(span.end)?))) {
        Some((start, end)) => json!({
            "file": file, "line": start.line, "column": start.column,
            "endLine": end.line, "endColumn": end.column,
        }),
        None => json!({ "file": file }),
    }
}
