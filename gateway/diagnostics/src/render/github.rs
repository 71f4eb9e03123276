//! For GitHub Actions: a workflow command for each finding, which annotates the line of a pull request. See
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use std::fmt::Write;

use crate::{Diagnostic, Label, Severity, Sources};

/// All findings, one a line. A label's source is taken for the file's path.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], sources: &Sources<'_>) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Hint => "warning",
        };
        let place = diagnostic.labels.first().map(|label| place(label, sources)).unwrap_or_default();
        let title = property(diagnostic.code);
        let said: Vec<&str> =
            [diagnostic.message.as_str()].into_iter().chain(diagnostic.help.as_deref()).collect();
        let message = data(&said.join("\n"));
        let _ = writeln!(out, "::{command} {place}title={title}::{message}");
    }
    out
}

/// `file=…,line=…,` and so on.
fn place(label: &Label, sources: &Sources<'_>) -> String {
    let mut out = format!("file={},", property(&label.source));
    let ends = label.span.as_ref().and_then(|span| {
        Some((sources.position(&label.source, span.start)?, sources.position(&label.source, span.end)?))
    });
    if let Some((start, end)) = ends {
        let _ = write!(
            out,
            "line={},col={},endLine={},endColumn={},",
            start.line, start.column, end.line, end.column
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::github;
    use crate::{Diagnostic, Sources};

    #[test]
    fn findings_are_annotations_with_what_could_end_them_escaped() {
        let sources: Sources = [("a,b.graphql", "type Book {\n  id: ID!\n}\n")].into_iter().collect();
        let findings = [
            Diagnostic::error("A", "100 % of\r\nit: gone, all".to_owned()).at(
                "a,b.graphql",
                Some(14..16),
                "",
            ),
            Diagnostic::hint("B", "second".to_owned()).help("mend it"),
        ];
        assert_eq!(
            github(&findings, &sources),
            "::error file=a%2Cb.graphql,line=2,col=3,endLine=2,endColumn=5,title=A::100 %25 of%0D%0Ait: gone, all\n\
             ::warning title=B::second%0Amend it\n"
        );
    }
}
