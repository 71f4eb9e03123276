//! The operation that leads to a field, with an example for each argument that it must have.

use std::fmt::Write;

use octavo_supergraph::{RootKind, TypeKind};

use super::explain::Dead;
use super::moves::Moves;
use crate::merged::MergedArgument;
use crate::model::{Kind, TypeReference};
use crate::validate::MergedSchema;

/// Deepest input object that is written out as an example.
const DEPTH: usize = 4;

/// The shortest operation that asks for the field that cannot be had.
pub(crate) fn operation(moves: &Moves<'_>, schema: MergedSchema<'_, '_>, dead: &Dead<'_, '_>) -> String {
    let supergraph = moves.supergraph;
    let mut selections = Vec::new();
    let asked = dead.field.map(|field| supergraph.field(field));
    if asked.is_none_or(|field| supergraph.ty(field.ty.named()).kind.is_composite()) {
        selections.push("__typename".to_owned());
    }
    let named = |parent: &str, name: &str| format!("{name}{}", arguments(schema, parent, name));
    if let Some(field) = asked {
        let parent = supergraph.type_name(dead.states[dead.at].ty);
        selections.push(named(parent, supergraph.name(field.name)));
    }
    let mut at = dead.at;
    while let Some((from, field)) = dead.states[at].from {
        let definition = supergraph.field(field);
        if supergraph.ty(definition.ty.named()).kind != TypeKind::Object {
            selections.push(format!("... on {}", supergraph.type_name(dead.states[at].ty)));
        }
        let parent = supergraph.type_name(dead.states[from].ty);
        selections.push(named(parent, supergraph.name(definition.name)));
        at = from;
    }
    let root = match dead.states[at].root {
        RootKind::Query => "query",
        RootKind::Mutation => "mutation",
        RootKind::Subscription => "subscription",
    };
    selections.push(root.to_owned());
    nest(&selections)
}

/// Each selection in the braces of the next.
fn nest(selections: &[String]) -> String {
    let mut out = String::new();
    for (depth, selection) in selections.iter().rev().enumerate() {
        let end = if depth + 1 == selections.len() { "" } else { " {" };
        let _ = writeln!(out, "{}{selection}{end}", "  ".repeat(depth));
    }
    for depth in (0..selections.len().saturating_sub(1)).rev() {
        let _ = writeln!(out, "{}}}", "  ".repeat(depth));
    }
    out.trim_end().to_owned()
}

/// Examples for the arguments that must be given, parentheses included; nothing without any.
fn arguments(schema: MergedSchema<'_, '_>, parent: &str, field: &str) -> String {
    let definition = schema.merged.types.get(parent).and_then(|ty| ty.fields.get(field));
    let required = |argument: &&MergedArgument<'_>| argument.ty.is_non_null() && argument.default.is_none();
    let list = definition.into_iter().flat_map(|field| field.arguments.values()).filter(required);
    let list: Vec<String> =
        list.map(|argument| format!("{}: {}", argument.name, example(schema, argument.ty, 0))).collect();
    if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) }
}

fn example(schema: MergedSchema<'_, '_>, ty: TypeReference<'_>, depth: usize) -> String {
    if ty.is_list() {
        return "[]".to_owned();
    }
    let definition = schema.merged.types.get(ty.name);
    match (ty.name, definition.map(|definition| definition.kind)) {
        ("Int", _) => "1".to_owned(),
        ("Float", _) => "1.5".to_owned(),
        ("Boolean", _) => "true".to_owned(),
        (_, Some(Kind::Enum)) => {
            let values = definition.into_iter().flat_map(|definition| definition.values.keys());
            values.take(1).copied().collect()
        }
        (_, Some(Kind::Input)) if depth < DEPTH => {
            let fields = definition.into_iter().flat_map(|definition| definition.fields.values());
            let required = fields.filter(|field| field.ty.is_non_null() && field.default.is_none());
            let list: Vec<String> = required
                .map(|field| format!("{}: {}", field.name, example(schema, field.ty, depth + 1)))
                .collect();
            if list.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", list.join(", ")) }
        }
        (_, Some(Kind::Input)) => "{}".to_owned(),
        _ => "\"a\"".to_owned(),
    }
}
