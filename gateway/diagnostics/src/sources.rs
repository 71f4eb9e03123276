//! The texts that labels point into.

use std::collections::BTreeMap;

/// A place in a text: line and column start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Texts by name.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    texts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Sources<'a> {
    /// The text of that name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.texts.get(name).copied()
    }

    /// The place of a byte in the text of that name.
    #[must_use]
    pub fn position(&self, name: &str, offset: usize) -> Option<Position> {
        let before = self.text(name)?.get(..offset)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some(Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        })
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Sources<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(texts: I) -> Self {
        Self { texts: texts.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Sources};

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let sources: Sources = [("a", "type Ä {\n  é: Int\n}")].into_iter().collect();
        assert_eq!(sources.position("a", 0), Some(Position { line: 1, column: 1 }));
        assert_eq!(sources.position("a", 14), Some(Position { line: 2, column: 4 }));
        assert_eq!(sources.position("a", 999), None);
        assert_eq!(sources.position("b", 0), None);
    }
}
