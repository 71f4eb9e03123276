//! Limits that hold before a text reaches the parser.

use crate::error::{GraphqlError, Location};

/// Bounds of a text. They hold before parsing, so that hostile text costs no stack and little time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open brackets, braces and parentheses at one place, and the parser's own recursion.
    pub nesting: usize,
    /// Tokens, as the parser counts them (white space and comments are tokens there).
    pub tokens: usize,
}

impl Limits {
    /// Client operations: generous for real queries.
    pub const OPERATION: Self = Self { nesting: 256, tokens: 100_000 };
    /// Schemas, which come from the operator.
    pub const SCHEMA: Self = Self { nesting: 256, tokens: 50_000_000 };

    /// Refuses a text that nests deeper than the limit. Strings and comments do not count.
    pub(crate) fn check_nesting(&self, text: &str) -> Result<(), Vec<GraphqlError>> {
        let bytes = text.as_bytes();
        let mut depth = 0_usize;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'#' => at = end_of_line(bytes, at),
                b'"' => at = end_of_string(bytes, at),
                b'{' | b'[' | b'(' => {
                    depth += 1;
                    if depth > self.nesting {
                        return Err(self.too_deep(text, at));
                    }
                }
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        Ok(())
    }

    fn too_deep(self, text: &str, at: usize) -> Vec<GraphqlError> {
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        let location =
            Location { line, column, end_line: line, end_column: column + 1, offset: at, end_offset: at + 1 };
        let message = format!("the text nests deeper than {} levels", self.nesting);
        GraphqlError::refused(message, Some(location))
    }
}

/// The position of the line's last byte.
fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(bytes.len(), |n| from + n)
}

/// The position of the closing quote of the string or block string that opens at `from`.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    if bytes[from..].starts_with(b"\"\"\"") {
        let mut at = from + 3;
        while at < bytes.len() {
            if bytes[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if bytes[at..].starts_with(b"\"\"\"") {
                return at + 2;
            } else {
                at += 1;
            }
        }
        return at;
    }
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' | b'\n' => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::Limits;

    const FEW: Limits = Limits { nesting: 3, tokens: 1000 };

    #[test]
    fn nesting_counts_brackets_outside_strings_and_comments() {
        assert!(FEW.check_nesting("{ a { b { c } } }").is_ok());
        assert!(
            FEW.check_nesting("{ a(x: \"{{{{{\", y: \"\"\"[[[[\\\"\"\" ((((\"\"\") } # ((((((\n{ b }")
                .is_ok()
        );
        let error = FEW.check_nesting("{ a {\n b {\n c { d } } } }").expect_err("four levels");
        let location = error[0].location.expect("a place");
        assert_eq!((location.line, location.column), (3, 4));
    }

    #[test]
    fn a_quote_that_never_closes_ends_the_scan() {
        assert!(FEW.check_nesting("{ a(x: \"").is_ok());
        assert!(FEW.check_nesting("\"\"\" [[[[[[").is_ok());
    }
}
