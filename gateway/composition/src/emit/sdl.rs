//! GraphQL text: strings, values, descriptions, arguments, definitions of directives.

use std::fmt::Write;

use octavo_language::ast::{DirectiveLocation, Value};

use crate::maps::IndexMap;
use crate::merged::{MergedArgument, MergedDirective, MergedDirectiveDefinition, Visible};
use crate::model::DirectiveDefinition;

/// Who reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A gateway, which sees everything.
    Gateway,
    /// A client, which does not see what is inaccessible or for the gateway alone.
    Client,
}

/// A string literal.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value on one line. Values nest no deeper than the parser lets them.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| self::value(item)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| format!("{name}: {}", self::value(field)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A description as a block string.
pub(crate) fn description(out: &mut String, text: Option<&str>, indent: &str) {
    let Some(text) = text else { return };
    let needs_quotes = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if needs_quotes || text.contains('\r') {
        let _ = writeln!(out, "{indent}{}", quote(text));
        return;
    }
    let escaped = text.replace("\"\"\"", "\\\"\"\"");
    let _ = writeln!(out, "{indent}\"\"\"");
    for line in escaped.split('\n') {
        let _ = if line.is_empty() { writeln!(out) } else { writeln!(out, "{indent}{line}") };
    }
    let _ = writeln!(out, "{indent}\"\"\"");
}

/// Directives that `reader` sees, each after a space.
pub(crate) fn applied(out: &mut String, directives: &[MergedDirective], reader: Reader) {
    for directive in directives {
        if reader == Reader::Gateway || directive.kind == Visible::Language {
            let _ = write!(out, " {}", directive.text);
        }
    }
}

/// An argument list, parentheses included; nothing without arguments.
pub(crate) fn arguments<'m>(
    out: &mut String,
    list: impl Iterator<Item = &'m MergedArgument<'m>>,
    indent: &str,
    reader: Reader,
) {
    let list: Vec<_> = list.collect();
    if list.is_empty() {
        return;
    }
    let on_lines = list.iter().any(|argument| argument.description.is_some());
    out.push('(');
    let inner = format!("{indent}  ");
    for (at, argument) in list.iter().enumerate() {
        if on_lines {
            out.push('\n');
            description(out, argument.description, &inner);
            out.push_str(&inner);
        } else if at > 0 {
            out.push_str(", ");
        }
        let _ = write!(out, "{}: {}", argument.name, argument.ty);
        if let Some(default) = argument.default {
            let _ = write!(out, " = {}", value(default));
        }
        applied(out, &argument.applied, reader);
    }
    if on_lines {
        let _ = write!(out, "\n{indent}");
    }
    out.push(')');
}

/// The definition of a directive as a subgraph has it.
pub(crate) fn directive_definition(definition: &DirectiveDefinition<'_>) -> String {
    let arguments: IndexMap<&str, MergedArgument<'_>> = definition
        .arguments
        .values()
        .map(|argument| {
            let merged = MergedArgument {
                name: argument.name,
                ty: argument.ty,
                description: argument.description,
                default: argument.default,
                applied: Vec::new(),
            };
            (argument.name, merged)
        })
        .collect();
    let mut out = String::new();
    description(&mut out, definition.description, "");
    out.push_str(&definition_text(definition.name, &arguments, definition.repeatable, &definition.locations));
    out
}

/// The definition of a merged directive.
pub(crate) fn merged_directive_definition(definition: &MergedDirectiveDefinition<'_>) -> String {
    definition_text(definition.name, &definition.arguments, definition.repeatable, &definition.locations)
}

fn definition_text(
    name: &str,
    list: &IndexMap<&str, MergedArgument<'_>>,
    repeatable: bool,
    locations: &[DirectiveLocation],
) -> String {
    let mut out = format!("directive @{name}");
    arguments(&mut out, list.values(), "", Reader::Gateway);
    if repeatable {
        out.push_str(" repeatable");
    }
    let locations: Vec<&str> = locations.iter().map(|location| location.name()).collect();
    let _ = write!(out, " on {}", locations.join(" | "));
    out
}
