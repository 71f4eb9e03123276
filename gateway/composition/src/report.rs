//! Findings as they are collected.

use octavo_diagnostics::{Diagnostic, Severity};

use crate::code::Code;
use crate::maps::HashSet;
use crate::model::Span;

/// All findings so far, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Report {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<Diagnostic>,
}

impl Report {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.seen.insert(diagnostic.clone()) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The findings of another report, after those that are here.
    pub(crate) fn take(&mut self, other: Self) {
        other.diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// An error at one place.
    pub(crate) fn error(&mut self, code: Code, message: String, place: Place<'_>) {
        self.push(error(code, message, place));
    }

    /// A hint at one place.
    pub(crate) fn hint(&mut self, code: Code, message: String, place: Place<'_>) {
        self.push(Diagnostic::hint(code.as_str(), message).at(place.subgraph, place.span.range(), ""));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}

/// A place in a subgraph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) subgraph: &'a str,
    pub(crate) span: Span,
}

/// An error with one label.
pub(crate) fn error(code: Code, message: String, place: Place<'_>) -> Diagnostic {
    Diagnostic::error(code.as_str(), message).at(place.subgraph, place.span.range(), "")
}

/// An error with a label for each place.
pub(crate) fn error_at_all<'a>(
    code: Code,
    message: String,
    places: impl IntoIterator<Item = (Place<'a>, String)>,
) -> Diagnostic {
    at_all(Diagnostic::error(code.as_str(), message), places)
}

/// A hint with a label for each place.
pub(crate) fn hint_at_all<'a>(
    code: Code,
    message: String,
    places: impl IntoIterator<Item = (Place<'a>, String)>,
) -> Diagnostic {
    at_all(Diagnostic::hint(code.as_str(), message), places)
}

fn at_all<'a>(found: Diagnostic, places: impl IntoIterator<Item = (Place<'a>, String)>) -> Diagnostic {
    places.into_iter().fold(found, |found, (place, text)| found.at(place.subgraph, place.span.range(), &text))
}
