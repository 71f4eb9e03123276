//! For a person at a terminal: the source line with the place underlined.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};

use crate::{Diagnostic, Label, Severity, Sources};

/// All findings, in order, as text without colour.
#[must_use]
pub fn human(diagnostics: &[Diagnostic], sources: &Sources<'_>) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(diagnostic, sources)]));
        out.push_str("\n\n");
    }
    out
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &Sources<'a>) -> annotate_snippets::Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let group = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code)
        .elements(snippets(&diagnostic.labels, sources));
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// One snippet for each text, in the order in which the texts are first named.
fn snippets<'a>(labels: &'a [Label], sources: &Sources<'a>) -> Vec<Element<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for label in labels {
        if !names.contains(&label.source.as_str()) {
            names.push(&label.source);
        }
    }
    let mut primary = true;
    names.into_iter().filter_map(|name| snippet(name, labels, sources, &mut primary)).collect()
}

fn snippet<'a>(
    name: &'a str,
    labels: &'a [Label],
    sources: &Sources<'a>,
    primary: &mut bool,
) -> Option<Element<'a>> {
    let text = sources.text(name)?;
    let own = || labels.iter().filter(|label| label.source == name);
    let shown = lines_of(text, own().filter_map(|label| label.span.as_ref()));
    let line = sources.position(name, shown.start).map_or(1, |at| at.line);
    let mut snippet = Snippet::source(text.get(shown.clone())?).line_start(line).path(name).fold(true);
    for label in own() {
        let span = label.span.clone().filter(|span| text.get(span.clone()).is_some())?;
        let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        *primary = false;
        let annotation = kind.span(span.start - shown.start..span.end - shown.start);
        snippet = snippet.annotation(if label.text.is_empty() {
            annotation
        } else {
            annotation.label(label.text.as_str())
        });
    }
    Some(Element::from(snippet))
}

/// The lines from the first to the last span: a schema may be long, and is looked at for each finding.
fn lines_of<'s>(text: &str, spans: impl Iterator<Item = &'s Range<usize>>) -> Range<usize> {
    let spans = spans.filter(|span| text.get((*span).clone()).is_some());
    let all = spans.fold(None, |all: Option<Range<usize>>, span| {
        Some(all.map_or(span.clone(), |all| all.start.min(span.start)..all.end.max(span.end)))
    });
    let Some(all) = all else { return 0..text.len() };
    let start = text.get(..all.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end =
        text.get(all.end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| all.end + at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::human;
    use crate::{Diagnostic, Sources};

    #[test]
    fn a_finding_shows_code_place_and_help() {
        let sources: Sources =
            [("books", "type Book {\n  id: ID!\n}\n"), ("authors", "type Book { id: Int }")]
                .into_iter()
                .collect();
        let finding = Diagnostic::error("FIELD_TYPE_MISMATCH", "two types".to_owned())
            .at("books", Some(14..21), "here `ID!`")
            .at("authors", Some(12..19), "here `Int`")
            .help("choose one");
        let text = human(&[finding], &sources);
        for part in ["error[FIELD_TYPE_MISMATCH]: two types", "books:2:3", "here `Int`", "help: choose one"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_span_outside_the_text_is_left_out() {
        let sources: Sources = [("books", "type Book")].into_iter().collect();
        let finding = Diagnostic::hint("H", "message".to_owned()).at("books", Some(90..99), "");
        assert!(human(&[finding], &sources).contains("message"));
    }
}
