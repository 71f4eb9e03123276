//! Text as the library compares it: one sort and match key, the same on every engine.
//!
//! A key is NFKC, full case fold, NFKC again. It is computed here and stored in a key column under binary
//! collation, so an engine's own idea of letters never shows.

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;

use crate::problem::Problem;

/// The key under which a text sorts and matches.
#[must_use]
pub fn key(text: &str) -> String {
    let normal: String = text.nfkc().collect();
    default_case_fold_str(&normal).nfkc().collect()
}

/// A `LIKE` pattern (escape character `\`) for keys that contain the key of `text`.
#[must_use]
pub fn contains_pattern(text: &str) -> String {
    format!("%{}%", escape_like(&key(text)))
}

/// A `LIKE` pattern (escape character `\`) for keys that start with the key of `text`.
#[must_use]
pub fn prefix_pattern(text: &str) -> String {
    format!("{}%", escape_like(&key(text)))
}

fn escape_like(key: &str) -> String {
    let mut pattern = String::with_capacity(key.len());
    for character in key.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// What a list's entries must have in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMatch {
    /// This text, anywhere.
    pub contains: Option<String>,
    /// This text, at the beginning.
    pub starts_with: Option<String>,
}

impl TextMatch {
    /// The `LIKE` patterns that a key must match.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        let contains = self.contains.as_deref().map(contains_pattern);
        contains.into_iter().chain(self.starts_with.as_deref().map(prefix_pattern))
    }
}

/// What a text field may hold.
#[derive(Debug, Clone, Copy)]
pub struct TextRule {
    /// The input's field, as the problem's path names it.
    pub field: &'static str,
    /// The fewest characters, counted after surrounding white space is cut.
    pub min: usize,
    /// The most characters.
    pub max: usize,
}

impl TextRule {
    /// The text without surrounding white space, or the rule it breaks.
    pub fn check(&self, text: &str) -> Result<String, Problem> {
        let text = text.trim();
        let length = text.chars().count();
        if length < self.min || length > self.max {
            let rule = format!("length {}..={}", self.min, self.max);
            let message = format!("{} has {length} characters", self.field);
            return Err(Problem::invalid(&[self.field], rule, message));
        }
        if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t' | '\r')) {
            let message = format!("{} has a control character", self.field);
            return Err(Problem::invalid(&[self.field], "no control characters", message));
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_form() {
        assert_eq!(key("Straße"), key("STRASSE"));
        assert_eq!(key("Émile"), key("e\u{301}mile"));
        assert_eq!(key("ﬁn"), key("FIN"));
        assert_ne!(key("resume"), key("résumé"));
    }

    #[test]
    fn patterns_take_wildcards_literally() {
        assert_eq!(contains_pattern("100%_\\"), "%100\\%\\_\\\\%");
    }

    #[test]
    fn a_rule_counts_characters_not_bytes() {
        let rule = TextRule { field: "name", min: 1, max: 3 };
        assert_eq!(rule.check(" 😀ßé ").unwrap(), "😀ßé");
        let Problem::Invalid { path, rule, .. } = rule.check("abcd").unwrap_err() else {
            panic!("not invalid")
        };
        assert_eq!((path, rule.as_str()), (vec!["name".to_owned()], "length 1..=3"));
    }
}
