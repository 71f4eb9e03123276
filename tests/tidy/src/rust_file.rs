//! One Rust file: its text, its tokens, and which part of it is test code.

use std::ops::RangeInclusive;

use crate::token::{Token, tokens_of};

/// One Rust file of the repository.
#[derive(Debug)]
pub struct RustFile {
    /// The path from the root of the repository.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The tokens outside test code.
    pub tokens: Vec<Token>,
    /// The lines of test code within the file.
    test_lines: Vec<RangeInclusive<usize>>,
}

impl RustFile {
    pub(crate) fn new(path: String, text: String) -> Self {
        let all = tokens_of(&text);
        let test_lines = test_blocks(&all);
        let outside = |token: &Token| !test_lines.iter().any(|lines| lines.contains(&token.line));
        let whole_file = is_test_path(&path);
        let tokens = all.into_iter().filter(|token| !whole_file && outside(token)).collect();
        Self { path, text, tokens, test_lines }
    }

    /// Whether the file is test code as a whole.
    #[must_use]
    pub fn is_test(&self) -> bool {
        is_test_path(&self.path)
    }

    /// How many lines are not test code.
    #[must_use]
    pub fn lines_without_tests(&self) -> usize {
        let tests: usize = self.test_lines.iter().map(|lines| lines.end() + 1 - lines.start()).sum();
        self.text.lines().count().saturating_sub(tests)
    }

    /// The lines at which these tokens follow one another outside test code.
    #[must_use]
    pub fn occurrences(&self, sequence: &[&str]) -> Vec<usize> {
        let matches = |window: &&[Token]| window.iter().zip(sequence).all(|(token, text)| token.is(text));
        self.tokens.windows(sequence.len()).filter(matches).map(|window| window[0].line).collect()
    }
}

/// A file of a `tests` or `benches` folder inside a crate, or a `tests.rs` beside what it tests.
fn is_test_path(path: &str) -> bool {
    let inside_a_crate = path.split('/').skip(2);
    let mut folders = inside_a_crate;
    folders.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// The line ranges of items under `#[cfg(test)]`.
fn test_blocks(tokens: &[Token]) -> Vec<RangeInclusive<usize>> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    let starts = tokens.windows(attribute.len()).enumerate();
    let is_test = |window: &[Token]| window.iter().zip(attribute).all(|(token, text)| token.is(text));
    starts
        .filter(|(_, window)| is_test(window))
        .map(|(index, window)| {
            window[0].line..=end_of_item(&tokens[index + attribute.len()..], window[0].line)
        })
        .collect()
}

/// The last line of the item that begins here: its `;`, or the brace that closes it.
fn end_of_item(tokens: &[Token], first: usize) -> usize {
    let mut depth = 0_usize;
    for token in tokens {
        if token.is("{") || token.is("(") || token.is("[") {
            depth += 1;
        } else if token.is("}") || token.is(")") || token.is("]") {
            depth = depth.saturating_sub(1);
            if depth == 0 && token.is("}") {
                return token.line;
            }
        } else if depth == 0 && token.is(";") {
            return token.line;
        }
    }
    tokens.last().map_or(first, |token| token.line)
}

#[cfg(test)]
mod tests {
    use super::RustFile;

    #[test]
    fn test_modules_are_not_counted() {
        let text =
            "//! Doc.\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { x.unwrap(); }\n}\nfn c() {}\n";
        let file = RustFile::new("gateway/index/src/lib.rs".into(), text.into());
        assert_eq!(file.lines_without_tests(), 3);
        assert!(file.occurrences(&[".", "unwrap"]).is_empty());
        assert_eq!(file.occurrences(&["fn", "c"]), [7]);
    }

    #[test]
    fn comments_and_strings_hold_no_tokens() {
        let text = "//! unsafe\nconst A: &str = \"unsafe\"; // unsafe\n";
        let file = RustFile::new("gateway/index/src/lib.rs".into(), text.into());
        assert!(file.occurrences(&["unsafe"]).is_empty());
    }
}
