//! What a request must keep to before the GraphQL library works on it.
//!
//! Its parser descends once for each bracket, and a deep enough text ends the process by overflowing its
//! stack; so [`check`] counts nesting and size in one pass without recursion. Its validation visits a
//! fragment once for each time it is spread, and two spreads in each of a row of fragments double the work
//! with each; so [`check_expanded`] counts what a document comes to when all fragments are spread.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// The most bytes of a query text.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most selections of a document, with its fragments spread.
pub const MAX_SELECTIONS: usize = 20_000;
/// The deepest nesting of brackets of any kind, or of selections with fragments spread.
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
    /// Too many selections.
    #[error("the query comes to more than {MAX_SELECTIONS} selections")]
    Selections,
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

/// Checks what a document comes to.
pub fn check_expanded(document: &ExecutableDocument) -> Result<(), Excess> {
    let mut expansion = Expansion { document, known: HashMap::new() };
    let mut total = Extent::default();
    for (_, operation) in document.operations.iter() {
        let extent = expansion.measure(&operation.node.selection_set.node, 0)?;
        total.selections = total.selections.saturating_add(extent.selections);
    }
    if total.selections > MAX_SELECTIONS { Err(Excess::Selections) } else { Ok(()) }
}

/// What a selection set comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    selections: usize,
    height: usize,
}

struct Expansion<'d> {
    document: &'d ExecutableDocument,
    known: HashMap<&'d Name, Extent>,
}

impl<'d> Expansion<'d> {
    fn measure(&mut self, set: &'d SelectionSet, depth: usize) -> Result<Extent, Excess> {
        if depth > MAX_NESTING {
            return Err(Excess::Nesting);
        }
        let mut total = Extent::default();
        for selection in &set.items {
            let below = match &selection.node {
                Selection::Field(field) => self.measure(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => {
                    self.measure(&fragment.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(&spread.node.fragment_name.node, depth + 1)?
                }
            };
            total.selections = total.selections.saturating_add(below.selections).saturating_add(1);
            total.height = total.height.max(below.height + 1);
        }
        if depth + total.height > MAX_NESTING { Err(Excess::Nesting) } else { Ok(total) }
    }

    /// A fragment is measured once; one that spreads itself is never done, and goes past the depth.
    fn spread(&mut self, name: &'d Name, depth: usize) -> Result<Extent, Excess> {
        if let Some(extent) = self.known.get(name) {
            return Ok(*extent);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        let extent = self.measure(&fragment.node.selection_set.node, depth)?;
        self.known.insert(name, extent);
        Ok(extent)
    }
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
