//! `KEY_INVALID_FIELDS`, `REQUIRES_INVALID_FIELDS`, `PROVIDES_INVALID_FIELDS`: `fields` must be a selection of what exists.
//!
//! 1. Everything that is named must exist, and a key must not select what no key can hold.
//! 2. What is selected must be complete: selections where there are fields, arguments where they are required.

use super::key_fields_select_invalid_type;
use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::model::{Kind, TypeDefinition};
use crate::report::Report;
use crate::validate::FieldSetUse;
use crate::validate::input_value::fits;

const CODES: [Code; 3] = [Code::KeyInvalidFields, Code::RequiresInvalidFields, Code::ProvidesInvalidFields];

/// The codes of a problem, by directive, and what it is.
type Problem = ([Code; 3], String);

/// Whether the rule holds.
pub(crate) fn check(set: &FieldSetUse<'_, '_>, report: &mut Report) -> bool {
    let found = match &set.selections {
        Ok(selections) => check_names(set, set.parent, selections)
            .and_then(|()| check_shape(set, set.parent, selections).map_err(|message| (CODES, message))),
        Err(message) => Err((CODES, message.clone())),
    };
    if let Err((codes, message)) = &found {
        set.error(*codes, message, report);
    }
    found.is_ok()
}

fn check_names(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selections: &[Selection<'_>],
) -> Result<(), Problem> {
    let wrong = |message: String| Err((CODES, message));
    for selection in selections {
        for &name in &selection.directives {
            let known = ["skip", "include", "deprecated"].contains(&name);
            if !known && !set.subgraph.schema.directives.contains_key(name) {
                return wrong(format!("there is no directive `@{name}`"));
            }
        }
        let below = match selection.what {
            Selected::Field { name: "__typename", .. } => continue,
            Selected::Fragment { on } => {
                let narrowed = check_fragment(set, parent, on).map_err(|message| (CODES, message))?;
                Some(narrowed)
            }
            Selected::Field { name, .. } => {
                let field = parent.fields.get(name).filter(|_| parent.kind != Kind::Union);
                let Some(field) = field else {
                    return wrong(format!("`{}` has no field `{name}`", parent.name));
                };
                key_fields_select_invalid_type::check(set, field)?;
                set.subgraph.schema.types.get(field.ty.name)
            }
        };
        if let Some(below) = below.filter(|below| below.kind.is_composite()) {
            check_names(set, below, &selection.children)?;
        }
    }
    Ok(())
}

/// The type that a fragment narrows to.
fn check_fragment<'s, 'a>(
    set: &'s FieldSetUse<'a, '_>,
    parent: &'s TypeDefinition<'a>,
    on: Option<&str>,
) -> Result<&'s TypeDefinition<'a>, String> {
    let schema = &set.subgraph.schema;
    let Some(narrowed) = field_set::fragment_type(schema, parent, on) else {
        return Err(format!("there is no composite type `{}`", on.unwrap_or_default()));
    };
    let outer = schema.possible_types(parent.name);
    let inner = schema.possible_types(narrowed.name);
    if narrowed.name != parent.name && !inner.iter().any(|name| outer.contains(name)) {
        return Err(format!("`{}` is never a `{}`", parent.name, narrowed.name));
    }
    Ok(narrowed)
}

fn check_shape(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selections: &[Selection<'_>],
) -> Result<(), String> {
    for selection in selections {
        match selection.what {
            Selected::Fragment { on } => {
                let narrowed = field_set::fragment_type(&set.subgraph.schema, parent, on);
                narrowed.map_or(Ok(()), |narrowed| check_shape(set, narrowed, &selection.children))?;
            }
            Selected::Field { name, aliased: true, .. } => {
                return Err(format!("`{name}` has an alias, which means nothing here"));
            }
            Selected::Field { name, arguments, .. } => {
                check_field(set, parent, selection, name)?;
                check_arguments(set, parent, name, arguments)?;
            }
        }
    }
    Ok(())
}

fn check_field(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    selection: &Selection<'_>,
    name: &str,
) -> Result<(), String> {
    let Some(field) = parent.fields.get(name) else { return Ok(()) };
    let below = set.subgraph.schema.types.get(field.ty.name).filter(|below| below.kind.is_composite());
    match below {
        Some(_) if selection.children.is_empty() => {
            Err(format!("`{}.{name}` is of a composite type and needs a selection", parent.name))
        }
        Some(below) => check_shape(set, below, &selection.children),
        None if selection.children.is_empty() => Ok(()),
        None => Err(format!("`{}.{name}` has no fields to select", parent.name)),
    }
}

/// What must be given is given, and what is given is there and a value of its type.
fn check_arguments(
    set: &FieldSetUse<'_, '_>,
    parent: &TypeDefinition<'_>,
    name: &str,
    text: &str,
) -> Result<(), String> {
    let Some(field) = parent.fields.get(name) else { return Ok(()) };
    let coordinate = format_args!("`{}.{name}`", parent.name);
    let given = if text.is_empty() { Vec::new() } else { field_set::parse_arguments(name, text)? };
    for argument in &given {
        let (argument, value) = (&argument.name, &argument.value);
        let Some(definition) = field.arguments.get(argument.as_str()) else {
            return Err(format!("{coordinate} has no argument `{argument}`"));
        };
        if !fits(&set.subgraph.schema, value, definition.ty) {
            return Err(format!("`{value}` is no value of the argument `{argument}` of {coordinate}"));
        }
    }
    let is_given = |name: &str| given.iter().any(|given| given.name == name);
    let mut required = field.arguments.values().filter(|argument| argument.is_required());
    required.find(|argument| !is_given(argument.name)).map_or(Ok(()), |argument| {
        Err(format!("{coordinate} must be given its argument `{}`", argument.name))
    })
}
