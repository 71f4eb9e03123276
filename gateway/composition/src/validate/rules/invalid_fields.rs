//! `KEY_INVALID_FIELDS`, `REQUIRES_INVALID_FIELDS`, `PROVIDES_INVALID_FIELDS`: `fields` must be a selection of what exists.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::model::{Kind, TypeDefinition};
use crate::report::Report;
use crate::validate::FieldSetUse;

const CODES: [Code; 3] = [Code::KeyInvalidFields, Code::RequiresInvalidFields, Code::ProvidesInvalidFields];

/// Whether the rule holds.
pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) -> bool {
    let found = match &set.selections {
        Ok(selections) => check_selections(set, set.parent, selections),
        Err(message) => Err(message.clone()),
    };
    if let Err(message) = &found {
        set.error(CODES, message, report);
    }
    found.is_ok()
}

fn check_selections(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selections: &[Selection<'_>],
) -> Result<(), String> {
    for selection in selections {
        for &name in &selection.directives {
            let known = ["skip", "include", "deprecated"].contains(&name);
            if !known && !set.subgraph.schema.directives.contains_key(name) {
                return Err(format!("there is no directive `@{name}`"));
            }
        }
        match selection.what {
            Selected::Fragment { on } => {
                let schema = &set.subgraph.schema;
                let Some(narrowed) = field_set::fragment_type(schema, parent, on) else {
                    return Err(format!("there is no composite type `{}`", on.unwrap_or_default()));
                };
                let outer = schema.possible_types(parent.name);
                let inner = schema.possible_types(narrowed.name);
                if narrowed.name != parent.name && !inner.iter().any(|name| outer.contains(name)) {
                    return Err(format!("`{}` is never a `{}`", parent.name, narrowed.name));
                }
                check_selections(set, narrowed, &selection.children)?;
            }
            Selected::Field { name, aliased, arguments } => {
                check_field(set, parent, selection, (name, aliased))?;
                check_arguments(parent, name, arguments)?;
            }
        }
    }
    Ok(())
}

fn check_field(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selection: &Selection<'_>,
    (name, aliased): (&str, bool),
) -> Result<(), String> {
    if aliased {
        return Err(format!("`{name}` has an alias, which means nothing here"));
    }
    if name == "__typename" {
        return Ok(());
    }
    let field = match parent.kind {
        Kind::Union => None,
        _ => parent.fields.get(name),
    };
    let Some(field) = field else {
        return Err(format!("`{}` has no field `{name}`", parent.name));
    };
    let below = set.subgraph.schema.types.get(field.ty.name).filter(|below| below.kind.is_composite());
    match below {
        Some(_) if selection.children.is_empty() => {
            Err(format!("`{}.{name}` is of a composite type and needs a selection", parent.name))
        }
        Some(below) => check_selections(set, below, &selection.children),
        None if selection.children.is_empty() => Ok(()),
        None => Err(format!("`{}.{name}` has no fields to select", parent.name)),
    }
}

/// What must be given is given.
fn check_arguments(parent: &TypeDefinition<'_>, name: &str, arguments: &str) -> Result<(), String> {
    let Some(field) = parent.fields.get(name) else { return Ok(()) };
    let missing = field
        .arguments
        .values()
        .find(|argument| argument.is_required() && !field_set::names_argument(arguments, argument.name));
    missing.map_or(Ok(()), |argument| {
        Err(format!("`{}.{name}` must be given its argument `{}`", parent.name, argument.name))
    })
}
