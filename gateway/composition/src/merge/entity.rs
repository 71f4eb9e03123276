//! Hints at types that are not the same kind of thing everywhere: an entity here and a value there, or a value with other fields.

use super::Context;
use crate::code::Code;
use crate::merged::MergedType;
use crate::model::{GraphId, Kind, TypeDefinition};
use crate::report::hint_at_all;

/// Compares the definitions of an object type or interface.
pub(crate) fn compare<'a>(context: &mut Context<'a, '_>, merged: &MergedType<'a>) {
    let with_key = merged.sources.iter().filter(|(_, ty)| !ty.keys.is_empty()).count();
    let is_root = matches!(merged.name, "Query" | "Mutation" | "Subscription");
    if with_key == 0 && !is_root {
        compare_fields(context, merged);
    }
    if merged.kind == Kind::Object && with_key > 0 && with_key < merged.sources.len() {
        let message = format!("`{}` is an entity only where it has a `@key`", merged.name);
        let places = merged.sources.iter().map(|(graph, ty)| {
            let text = if ty.keys.is_empty() { "no key here" } else { "an entity here" };
            (context.place(*graph, ty.span), text.to_owned())
        });
        let hint = hint_at_all(Code::InconsistentEntity, message, places);
        context.report.push(hint);
    }
}

/// Hints at fields of a value that not every subgraph resolves.
fn compare_fields<'a>(context: &mut Context<'a, '_>, merged: &MergedType<'a>) {
    let code = match merged.kind {
        Kind::Interface => Code::InconsistentInterfaceValueTypeField,
        _ => Code::InconsistentObjectValueTypeField,
    };
    let comparable: Vec<(GraphId, &TypeDefinition<'a>)> =
        merged.sources.iter().copied().filter(|(_, ty)| is_comparable(ty)).collect();
    let through_objects = merged.sources.iter().filter(|(_, ty)| ty.is_interface_object());
    let objects: Vec<&TypeDefinition<'a>> = through_objects.map(|(_, ty)| *ty).collect();
    for &name in merged.fields.keys() {
        let is_complete = comparable.iter().all(|(_, ty)| ty.fields.contains_key(name));
        if is_complete || objects.iter().any(|ty| ty.fields.contains_key(name)) {
            continue;
        }
        let message = format!(
            "`{}.{name}` is not in all subgraphs that have `{}`, which is no entity",
            merged.name, merged.name
        );
        let places = comparable.iter().map(|(graph, ty)| match ty.fields.get(name) {
            Some(field) => (context.place(*graph, field.span), "here it is".to_owned()),
            None => (context.place(*graph, ty.span), "not here".to_owned()),
        });
        let hint = hint_at_all(code, message, places);
        context.report.push(hint);
    }
}

/// Whether the subgraph resolves the type's fields at all.
fn is_comparable(ty: &TypeDefinition<'_>) -> bool {
    !ty.is_interface_object() && !ty.fields.values().all(|field| field.external)
}
