//! What is wrong with a text, and where.

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::validation::DiagnosticList;

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

/// The library's list as ours.
pub(crate) fn from_list(list: &DiagnosticList) -> Vec<GraphqlError> {
    list.iter()
        .map(|diagnostic| {
            let json = diagnostic.to_json();
            let location =
                diagnostic.line_column_range().zip(diagnostic.error.location()).map(|(range, span)| {
                    Location {
                        line: range.start.line,
                        column: range.start.column,
                        end_line: range.end.line,
                        end_column: range.end.column,
                        offset: span.offset(),
                        end_offset: span.end_offset(),
                    }
                });
            // The library names every broken rule, and neither syntax errors nor limits.
            let is_syntax = diagnostic.error.unstable_error_name().is_none();
            GraphqlError { message: json.message, location, is_syntax }
        })
        .collect()
}
