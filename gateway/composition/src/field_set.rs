//! The `fields` of `@key`, `@requires` and `@provides`: a selection set without its outer braces.
//!
//! Nesting is bounded when a field set is parsed, so that functions below may recurse over it.

use std::fmt::Write;

use octavo_language::ast::Argument;
use octavo_language::{Node, parse_field_set};

use crate::model::{Kind, Schema, TypeDefinition};

/// Deepest nesting that is accepted.
const DEPTH: usize = 50;

/// One selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection<'t> {
    pub(crate) what: Selected<'t>,
    pub(crate) directives: Vec<&'t str>,
    pub(crate) children: Vec<Selection<'t>>,
}

/// A field or an inline fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selected<'t> {
    Field { name: &'t str, aliased: bool, arguments: &'t str },
    Fragment { on: Option<&'t str> },
}

/// The arguments of a field, from their text in a field set.
pub(crate) fn parse_arguments(name: &str, arguments: &str) -> Result<Vec<Node<Argument>>, String> {
    let parsed = parse_field_set(&format!("{name}{arguments}"));
    let parsed =
        parsed.map_err(|errors| errors.into_iter().map(|error| error.message).collect::<String>())?;
    let fields = parsed.into_iter().filter_map(|selection| selection.as_field().cloned());
    Ok(fields.flat_map(|field| field.arguments.clone()).collect())
}

/// Parses a field set, with or without outer braces.
pub(crate) fn parse(text: &str) -> Result<Vec<Selection<'_>>, String> {
    let mut parser = Parser { text, at: 0, is_in_comment: false };
    parser.skip();
    let braced = parser.eat('{');
    let selections = parser.selections(0)?;
    if braced && !parser.eat('}') {
        return Err("`}` is missing".to_owned());
    }
    parser.skip();
    if parser.at < text.len() {
        return Err(format!("`{}` is not expected", &text[parser.at..]));
    }
    // Readers put braces around it, which the comment would hide.
    if parser.is_in_comment {
        return Err("a comment is not closed by the end of its line".to_owned());
    }
    if selections.is_empty() { Err("it selects nothing".to_owned()) } else { Ok(selections) }
}

/// The context and the selection of `$context selection`; the selection may be empty.
pub(crate) fn split_context(value: &str) -> Option<(&str, &str)> {
    let mut parser = Parser { text: value, at: 0, is_in_comment: false };
    if !parser.eat('$') {
        return None;
    }
    let name = parser.name()?;
    Some((name, &value[parser.at..]))
}

/// Prints a field set without outer braces.
pub(crate) fn print(selections: &[Selection<'_>]) -> String {
    let mut out = String::new();
    print_into(&mut out, selections);
    out
}

fn print_into(out: &mut String, selections: &[Selection<'_>]) {
    for (at, selection) in selections.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        let _ = match selection.what {
            Selected::Field { name, arguments, .. } => write!(out, "{name}{arguments}"),
            Selected::Fragment { on: Some(on) } => write!(out, "... on {on}"),
            Selected::Fragment { on: None } => write!(out, "..."),
        };
        if !selection.children.is_empty() {
            out.push_str(" { ");
            print_into(out, &selection.children);
            out.push_str(" }");
        }
    }
}

/// Calls `found(parent type, field name)` for every field that exists, nested ones included; a field of an interface is found
/// on its implementations too.
pub(crate) fn for_each_field<'a>(
    schema: &Schema<'a>,
    parent: &'a str,
    selections: &[Selection<'_>],
    found: &mut impl FnMut(&'a str, &'a str),
) {
    let Some(definition) = schema.types.get(parent) else { return };
    for selection in selections {
        match selection.what {
            Selected::Fragment { on } => {
                let on = on.and_then(|on| schema.types.get(on)).map_or(parent, |on| on.name);
                for_each_field(schema, on, &selection.children, found);
            }
            Selected::Field { name, .. } => {
                let Some(field) = definition.fields.get(name) else { continue };
                found(parent, field.name);
                if definition.kind == Kind::Interface {
                    for implementation in schema.implementers.get(parent).into_iter().flatten() {
                        found(implementation, field.name);
                    }
                }
                for_each_field(schema, field.ty.name, &selection.children, found);
            }
        }
    }
}

/// The type that an inline fragment narrows to, or the parent.
pub(crate) fn fragment_type<'s, 'a>(
    schema: &'s Schema<'a>,
    parent: &'s TypeDefinition<'a>,
    on: Option<&str>,
) -> Option<&'s TypeDefinition<'a>> {
    match on {
        None => Some(parent),
        Some(on) => schema.types.get(on).filter(|on| on.kind.is_composite()),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// Whether the text ends in a comment.
    is_in_comment: bool,
}

impl<'t> Parser<'t> {
    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        let kept = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
        self.at += rest.len() - kept.len();
        if kept.starts_with('#') {
            self.is_in_comment = !kept.contains('\n');
            self.at += kept.find('\n').unwrap_or(kept.len());
            self.skip();
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip();
        let eaten = self.text[self.at..].starts_with(wanted);
        if eaten {
            self.at += wanted.len_utf8();
        }
        eaten
    }

    fn name(&mut self) -> Option<&'t str> {
        self.skip();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let starts_well = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (end > 0 && starts_well).then(|| {
            self.at += end;
            &rest[..end]
        })
    }

    fn selections(&mut self, depth: usize) -> Result<Vec<Selection<'t>>, String> {
        if depth > DEPTH {
            return Err(format!("it nests deeper than {DEPTH} levels"));
        }
        let mut found = Vec::new();
        loop {
            self.skip();
            let what = if self.text[self.at..].starts_with("...") {
                self.at += 3;
                self.fragment()?
            } else if let Some(name) = self.name() {
                self.field(name)?
            } else {
                return Ok(found);
            };
            let directives = self.directives()?;
            let children = self.children(what, depth)?;
            found.push(Selection { what, directives, children });
        }
    }

    fn children(&mut self, what: Selected<'t>, depth: usize) -> Result<Vec<Selection<'t>>, String> {
        if self.eat('{') {
            let children = self.selections(depth + 1)?;
            if children.is_empty() {
                return Err("an inner selection selects nothing".to_owned());
            }
            return if self.eat('}') { Ok(children) } else { Err("`}` is missing".to_owned()) };
        }
        match what {
            Selected::Fragment { .. } => Err("a fragment needs a selection".to_owned()),
            Selected::Field { .. } => Ok(Vec::new()),
        }
    }

    fn fragment(&mut self) -> Result<Selected<'t>, String> {
        let before = self.at;
        match self.name() {
            Some("on") => match self.name() {
                Some(on) => Ok(Selected::Fragment { on: Some(on) }),
                None => Err("`on` needs a type".to_owned()),
            },
            Some(_) => Err("named fragments cannot be used here".to_owned()),
            None => {
                self.at = before;
                Ok(Selected::Fragment { on: None })
            }
        }
    }

    fn field(&mut self, name: &'t str) -> Result<Selected<'t>, String> {
        let aliased = self.eat(':');
        let name = if aliased { self.name().ok_or("an alias needs a field")? } else { name };
        let arguments = self.arguments()?;
        Ok(Selected::Field { name, aliased, arguments })
    }

    /// The text of an argument list, parentheses included, or nothing.
    fn arguments(&mut self) -> Result<&'t str, String> {
        self.skip();
        let start = self.at;
        if !self.eat('(') {
            return Ok("");
        }
        let bytes = self.text.as_bytes();
        let mut depth = 1;
        while depth > 0 {
            match bytes.get(self.at) {
                None => return Err("`)` is missing".to_owned()),
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(b'"') => self.skip_string(),
                Some(_) => {}
            }
            self.at += 1;
        }
        Ok(&self.text[start..self.at])
    }

    /// Goes to the closing quote of the string that opens here.
    fn skip_string(&mut self) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'"' => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn directives(&mut self) -> Result<Vec<&'t str>, String> {
        let mut found = Vec::new();
        while self.eat('@') {
            found.push(self.name().ok_or("a directive needs a name")?);
            self.arguments()?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, print};

    #[test]
    fn field_sets_print_as_they_mean() {
        for (text, printed) in [
            ("id", "id"),
            ("{ id }", "id"),
            ("id, sku", "id sku"),
            ("a{b{c}}", "a { b { c } }"),
            ("... on Book { isbn } id", "... on Book { isbn } id"),
            ("price(currency: \")\") # why\n id", "price(currency: \")\") id"),
        ] {
            assert_eq!(print(&parse(text).expect(text)), printed);
        }
    }

    #[test]
    fn broken_field_sets_are_refused() {
        for text in
            ["", "{", "a {", "a { }", "a: ", "id }", "... Foo", "...", "a(", "1", "a # b", &"a{".repeat(60)]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
