//! What a request must keep to before any parser sees it.
//!
//! The GraphQL library's parser descends once for each bracket, and a deep enough text ends the process by
//! overflowing its stack; so nesting and size are counted here, in one pass without recursion.

/// The most bytes of a query text.
pub const MAX_BYTES: usize = 256 * 1024;
/// The deepest nesting of brackets of any kind.
pub const MAX_NESTING: usize = 96;

/// A request that goes past a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Too long.
    #[error("the query has {0} bytes; {MAX_BYTES} are allowed")]
    Size(usize),
    /// Nested too deeply.
    #[error("the query is nested more than {MAX_NESTING} deep")]
    Nesting,
}

/// Checks the text of a GraphQL document.
pub fn check(query: &str) -> Result<(), Excess> {
    if query.len() > MAX_BYTES {
        return Err(Excess::Size(query.len()));
    }
    let mut rest = query.as_bytes();
    let mut depth = 0_usize;
    while let [byte, tail @ ..] = rest {
        rest = match byte {
            b'"' => skip_string(rest),
            b'#' => skip_comment(tail),
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Err(Excess::Nesting);
                }
                tail
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    Ok(())
}

/// What follows the string that begins here; nothing if it does not end.
fn skip_string(text: &[u8]) -> &[u8] {
    if let Some(mut rest) = text.strip_prefix(b"\"\"\"") {
        loop {
            rest = match rest {
                [] => return rest,
                [b'"', b'"', b'"', tail @ ..] => return tail,
                [b'\\', b'"', b'"', b'"', tail @ ..] | [_, tail @ ..] => tail,
            };
        }
    }
    let mut rest = text.get(1..).unwrap_or_default();
    loop {
        rest = match rest {
            // A line's end ends a string too: it was not closed, and what follows is text again.
            [b'"' | b'\n' | b'\r', tail @ ..] => return tail,
            [b'\\', _, tail @ ..] | [_, tail @ ..] => tail,
            [] => return rest,
        };
    }
}

fn skip_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_in_every_shape() {
        for shape in ["[", "{a:", "{a", "(a:{"] {
            let text = format!("{{f(a:{}", shape.repeat(3000));
            assert_eq!(check(&text), Err(Excess::Nesting), "{shape}");
        }
        assert_eq!(check(&format!("query($v:{}Int", "[".repeat(3000))), Err(Excess::Nesting));
        assert_eq!(check(&"a".repeat(MAX_BYTES + 1)), Err(Excess::Size(MAX_BYTES + 1)));
    }

    #[test]
    fn strings_and_comments_hold_no_nesting() {
        let brackets = "[".repeat(3000);
        for text in [
            format!("{{ f(a: \"{brackets}\") }}"),
            format!("{{ f(a: \"\\\"{brackets}\") }}"),
            format!("{{ f(a: \"\"\"{brackets}\\\"\"\"{brackets}\"\"\") }}"),
            format!("# {brackets}\n{{ f }}"),
        ] {
            assert_eq!(check(&text), Ok(()));
        }
    }

    #[test]
    fn nesting_behind_a_string_is_seen() {
        let brackets = "[".repeat(3000);
        for text in [
            format!("{{ f(a: \"\\\\\", b: {brackets}"),
            format!("{{ f(a: \"\"\"x\"\"\", b: {brackets}"),
            format!("{{ f(a: \"\", b: {brackets}"),
            format!("# \"\n{{ f(a: {brackets}"),
            format!("{{ f(a: \"x\n, b: {brackets}"),
        ] {
            assert_eq!(check(&text), Err(Excess::Nesting), "{}", &text[..12]);
        }
    }
}
