//! What is wrong with a text, and where.

use std::ops::Range;

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{LineColumn, SourceSpan};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{ExecutableDocument, Node};

/// A range in a text. Lines and columns start at 1; columns count characters; `offset` and `end_offset` are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
    /// First byte.
    pub offset: usize,
    /// Byte after the last.
    pub end_offset: usize,
}

impl Location {
    pub(crate) fn new(range: &Range<LineColumn>, span: SourceSpan) -> Self {
        Self {
            line: range.start.line,
            column: range.start.column,
            end_line: range.end.line,
            end_column: range.end.column,
            offset: span.offset(),
            end_offset: span.end_offset(),
        }
    }
}

/// One syntax, limit or validation error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GraphqlError {
    /// What is wrong.
    pub message: String,
    /// Where, when the text has such a place.
    pub location: Option<Location>,
    /// Whether a text that is not GraphQL, or past a limit, is the cause (otherwise the text breaks a validation rule).
    pub is_syntax: bool,
}

impl GraphqlError {
    pub(crate) fn refused(message: String, location: Option<Location>) -> Vec<Self> {
        vec![Self { message, location, is_syntax: true }]
    }
}

/// Where a node of a document stands.
pub(crate) fn place<T>(node: &Node<T>, document: &ExecutableDocument) -> Option<Location> {
    let range = node.line_column_range(&document.sources).zip(node.location());
    range.map(|(range, span)| Location::new(&range, span))
}

/// What stops at the end of a text has its place at the last character there.
pub(crate) fn at_end(mut errors: Vec<GraphqlError>, text: &str) -> Vec<GraphqlError> {
    let Some((offset, last)) = text.trim_end().char_indices().next_back() else { return errors };
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    let end_offset = offset + last.len_utf8();
    let end = Location { line, column, end_line: line, end_column: column + 1, offset, end_offset };
    let beyond = |at: &Location| at.offset >= end_offset;
    for error in errors.iter_mut().filter(|error| error.is_syntax) {
        if error.location.as_ref().is_none_or(beyond) {
            error.location = Some(end);
        }
    }
    errors
}

/// The library's list as ours.
pub(crate) fn from_list(list: &DiagnosticList) -> Vec<GraphqlError> {
    list.iter()
        .map(|diagnostic| {
            let json = diagnostic.to_json();
            let location = diagnostic
                .line_column_range()
                .zip(diagnostic.error.location())
                .map(|(range, span)| Location::new(&range, span));
            // The library names every broken rule, and neither syntax errors nor limits.
            let is_syntax = diagnostic.error.unstable_error_name().is_none();
            GraphqlError { message: json.message, location, is_syntax }
        })
        .collect()
}
