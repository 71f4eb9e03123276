//! What is wrong with an operation: told to people and to programs.

use octavo_diagnostics::render::human;
use octavo_diagnostics::{Diagnostic, Sources};
use octavo_language::{GraphqlError, Location};
use serde_json::json;

/// Why an operation is refused.
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) location: Option<Location>,
}

impl Finding {
    /// The finding in the text of that name.
    pub(crate) fn into_diagnostic(self, name: &str) -> Diagnostic {
        let span = self.location.map(|place: Location| place.offset..place.end_offset);
        Diagnostic::error(self.code, self.message).at(name, span, "")
    }
}

/// What the parser and the validation say.
pub(crate) fn refused(errors: Vec<GraphqlError>) -> Vec<Finding> {
    // What follows a syntax error mostly follows from it.
    if let Some(GraphqlError { message, location, .. }) = errors.iter().find(|error| error.is_syntax).cloned()
    {
        return vec![Finding { code: "GRAPHQL_PARSE_FAILED", message, location }];
    }
    let finding = |GraphqlError { message, location, .. }| Finding {
        code: "GRAPHQL_VALIDATION_FAILED",
        message,
        location,
    };
    errors.into_iter().map(finding).collect()
}

/// The findings in the text of that name, for people.
pub(crate) fn shown(name: &str, text: &str, findings: Vec<Finding>) -> String {
    let diagnostics: Vec<_> = findings.into_iter().map(|finding| finding.into_diagnostic(name)).collect();
    let sources: Sources<'_> = [(name, text)].into_iter().collect();
    human(&diagnostics, &sources).trim_end().to_owned()
}

/// The shape of what `octavo compose` prints for programs.
pub(crate) fn json(findings: &[Finding]) -> String {
    let error = |Finding { code, message, location }: &Finding| {
        let place = |place: &Location| json!({ "line": place.line, "column": place.column });
        let locations: Vec<_> = location.iter().map(place).collect();
        json!({ "code": code, "message": message, "locations": locations })
    };
    let errors: Vec<_> = findings.iter().map(error).collect();
    json!({ "errors": errors }).to_string()
}
