//! The number that an author is known by, which the authors service gives out.

use std::fmt;

use lms_kit::Problem;
use serde::{Deserialize, Serialize};

/// A number from 1 up, written without a sign or a leading zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AuthorNumber(pub(crate) i64);

impl AuthorNumber {
    /// Reads a number; `None` if no author can have it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let number = text.parse().ok().filter(|&number| number > 0).map(Self)?;
        (number.to_string() == text).then_some(number)
    }

    /// Reads a number. `field` is named in the problem.
    pub(crate) fn parse(field: &'static str, text: &str) -> Result<Self, Problem> {
        Self::read(text).ok_or_else(|| {
            Problem::invalid(&[field], "an author's number", format!("no author has the number `{text}`"))
        })
    }
}

impl fmt::Display for AuthorNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_author_has_one_spelling() {
        assert_eq!(AuthorNumber::read("42"), Some(AuthorNumber(42)));
        for text in ["", "0", "-1", "+1", "042", " 42", "4٢", "99999999999999999999", "x"] {
            assert_eq!(AuthorNumber::read(text), None, "{text}");
        }
    }
}
