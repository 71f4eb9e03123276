//! A statement and the values of its parameters.

use crate::text::TextMatch;

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, or NULL.
    Text(Option<String>),
    /// A number, or NULL.
    Int(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Texts, for `= ANY($n)`.
    Texts(Vec<String>),
    /// Numbers, for `= ANY($n)`.
    Ints(Vec<i64>),
}

/// Text as both engines can hold it: PostgreSQL has no NUL in a text.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(storable))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts.into_iter().map(storable).collect())
    }
}

impl From<Vec<i64>> for Value {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Ints(numbers)
    }
}

/// A statement under construction: its text never holds a client's text, its values do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Sql {
    /// A statement, or the beginning of one.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// The value of the next parameter that the text already names (`$1`, `$2`, …).
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// More text.
    #[must_use]
    pub fn push(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// A new parameter at this place, with its value.
    #[must_use]
    pub fn push_value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Conditions on a key column, each behind an `AND`.
    #[must_use]
    pub fn matching(mut self, key_column: &'static str, wanted: &TextMatch) -> Self {
        for pattern in wanted.patterns() {
            self =
                self.push(" AND ").push(key_column).push(" LIKE ").push_value(pattern).push(" ESCAPE '\\'");
        }
        self
    }
}
