//! What a finding consists of.

use std::ops::Range;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is taken, but something in it deserves a look.
    Hint,
}

/// A place in a named text, and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Name of the text, as [`Sources`](crate::Sources) knows it.
    pub source: String,
    /// Bytes of the text; `None` when the finding concerns the text as a whole.
    pub span: Option<Range<usize>>,
    /// A remark for this place; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// A stable code that people search for.
    pub code: &'static str,
    /// Error or hint.
    pub severity: Severity,
    /// What is wrong, as one sentence.
    pub message: String,
    /// Where; the first is the primary one.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without labels.
    #[must_use]
    pub fn error(code: &'static str, message: String) -> Self {
        Self { code, severity: Severity::Error, message, labels: Vec::new(), help: None }
    }

    /// A hint without labels.
    #[must_use]
    pub fn hint(code: &'static str, message: String) -> Self {
        Self { code, severity: Severity::Hint, message, labels: Vec::new(), help: None }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, source: &str, span: Option<Range<usize>>, text: &str) -> Self {
        self.labels.push(Label { source: source.to_owned(), span, text: text.to_owned() });
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: &str) -> Self {
        self.help = Some(text.to_owned());
        self
    }
}
