//! For programs: `{"errors": [...], "hints": [...]}`.

use serde::Serialize;

use crate::{Diagnostic, Label, Severity, Sources};

#[derive(Serialize)]
struct Report<'a> {
    errors: Vec<Finding<'a>>,
    hints: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subgraph: Option<&'a str>,
    locations: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    subgraph: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// All findings as one JSON object, errors and hints apart, each in order.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources<'_>) -> String {
    let pick = |severity| {
        diagnostics.iter().filter(move |d| d.severity == severity).map(|d| finding(d, sources)).collect()
    };
    let report = Report { errors: pick(Severity::Error), hints: pick(Severity::Hint) };
    serde_json::to_string(&report).unwrap_or_default()
}

fn finding<'a>(diagnostic: &'a Diagnostic, sources: &Sources<'_>) -> Finding<'a> {
    Finding {
        code: diagnostic.code,
        message: &diagnostic.message,
        subgraph: diagnostic.labels.first().map(|label| label.source.as_str()),
        locations: diagnostic.labels.iter().filter_map(|label| place(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
    }
}

fn place<'a>(label: &'a Label, sources: &Sources<'_>) -> Option<Place<'a>> {
    let span = label.span.as_ref()?;
    let start = sources.position(&label.source, span.start)?;
    let end = sources.position(&label.source, span.end)?;
    Some(Place {
        subgraph: &label.source,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    })
}

#[cfg(test)]
mod tests {
    use super::json;
    use crate::{Diagnostic, Sources};

    #[test]
    fn errors_and_hints_come_apart_with_their_places() {
        let sources: Sources = [("books", "type Book {\n  id: ID!\n}\n")].into_iter().collect();
        let findings = [
            Diagnostic::error("A", "first".to_owned()).at("books", Some(14..16), ""),
            Diagnostic::hint("B", "second".to_owned()),
        ];
        assert_eq!(
            json(&findings, &sources),
            concat!(
                r#"{"errors":[{"code":"A","message":"first","subgraph":"books","locations":["#,
                r#"{"subgraph":"books","line":2,"column":3,"endLine":2,"endColumn":5}]}],"#,
                r#""hints":[{"code":"B","message":"second","locations":[]}]}"#
            )
        );
    }
}
