//! Places in a text and references to types.

use std::fmt;
use std::ops::Range;

use octavo_language::ast::Type;
use octavo_language::{Name, Node, TypeSystemDocument};

/// A range of bytes in a subgraph's text; empty when the element was not written by anyone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: u32::try_from(start).unwrap_or_default(), end: u32::try_from(end).unwrap_or_default() }
    }

    fn at(place: Option<Range<usize>>) -> Self {
        place.map_or_else(Self::default, |place| Self::new(place.start, place.end))
    }

    pub(crate) fn range(self) -> Option<Range<usize>> {
        (self.end > self.start).then_some(self.start as usize..self.end as usize)
    }
}

/// Where a name of a document stands.
pub(crate) fn span_of_name(document: &TypeSystemDocument, name: &Name) -> Span {
    Span::at(document.place_of_name(name))
}

/// Where a node of a document stands.
pub(crate) fn span_of<T: ?Sized>(document: &TypeSystemDocument, node: &Node<T>) -> Span {
    Span::at(document.place_of(node))
}

/// Whether every schema has the scalar.
pub(crate) fn is_builtin_scalar(name: &str) -> bool {
    matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID")
}

/// A type by name, under lists and non-null marks: bit 0 of `non_null` is the named type's mark, bit n that of the n-th list
/// around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeReference<'a> {
    pub(crate) name: &'a str,
    pub(crate) lists: u8,
    pub(crate) non_null: u32,
}

impl<'a> TypeReference<'a> {
    /// `None` when lists nest deeper than 30 levels.
    pub(crate) fn from_ast(ty: &'a Type) -> Option<Self> {
        let mut marks = Vec::new();
        let mut at = ty;
        let name = loop {
            match at {
                Type::Named(name) => {
                    marks.push(false);
                    break name.as_str();
                }
                Type::NonNullNamed(name) => {
                    marks.push(true);
                    break name.as_str();
                }
                Type::List(inner) => {
                    marks.push(false);
                    at = inner;
                }
                Type::NonNullList(inner) => {
                    marks.push(true);
                    at = inner;
                }
            }
        };
        let lists = u8::try_from(marks.len() - 1).ok().filter(|&lists| lists <= 30)?;
        let non_null =
            marks.iter().rev().enumerate().fold(0, |bits, (at, &mark)| bits | (u32::from(mark) << at));
        Some(Self { name, lists, non_null })
    }

    pub(crate) fn is_non_null(self) -> bool {
        self.non_null >> self.lists & 1 == 1
    }

    pub(crate) fn is_list(self) -> bool {
        self.lists > 0
    }

    /// Whether `self` may stand where `other` is expected, by marks and lists alone.
    pub(crate) fn marks_cover(self, other: Self) -> bool {
        self.lists == other.lists && self.non_null & other.non_null == other.non_null
    }
}

impl fmt::Display for TypeReference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.lists {
            f.write_str("[")?;
        }
        f.write_str(self.name)?;
        for level in 0..=self.lists {
            if level > 0 {
                f.write_str("]")?;
            }
            if self.non_null >> level & 1 == 1 {
                f.write_str("!")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use octavo_language::{Limits, TypeSystemDocument, ast};

    use super::TypeReference;

    #[test]
    fn references_print_as_written() {
        for text in ["Int", "Int!", "[Int]", "[Int!]", "[Int]!", "[[Int!]]!"] {
            let sdl = format!("type T {{ f: {text} }}");
            let document = TypeSystemDocument::parse("t", &sdl, Limits::SCHEMA).expect("valid");
            let ast::Definition::ObjectTypeDefinition(definition) = &document.ast().definitions[0] else {
                panic!("an object type");
            };
            let reference = TypeReference::from_ast(&definition.fields[0].ty).expect("few lists");
            assert_eq!(reference.to_string(), text);
        }
    }
}
