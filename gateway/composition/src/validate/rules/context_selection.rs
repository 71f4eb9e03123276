//! `CONTEXT_INVALID_SELECTION`: what is selected from a context is one value of the argument's type, wherever the context is set.

use crate::field_set::{self, Selected, Selection};
use crate::maps::HashSet;
use crate::model::{Kind, Schema, TypeDefinition, TypeReference};

/// What is wrong with a selection, if anything.
pub(crate) fn check(
    schema: &Schema<'_>,
    text: &str,
    setters: &[&TypeDefinition<'_>],
    wanted: TypeReference<'_>,
) -> Result<(), String> {
    let selections = field_set::parse(text)?;
    check_form(&selections)?;
    let mut used = HashSet::default();
    for setter in setters {
        match selections.first().map(|first| first.what) {
            Some(Selected::Fragment { .. }) => {
                check_fragments(schema, setter, &selections, wanted, &mut used)?;
            }
            _ => check_value(schema, setter, &selections, wanted)?,
        }
    }
    for selection in &selections {
        if let Selected::Fragment { on: Some(on) } = selection.what
            && !used.contains(on)
        {
            return Err(format!("nothing that sets the context is a `{on}`"));
        }
    }
    Ok(())
}

/// One field, or fragments on different types.
fn check_form(selections: &[Selection<'_>]) -> Result<(), String> {
    reject_extras(selections)?;
    let conditions: HashSet<&str> = selections
        .iter()
        .filter_map(|selection| match selection.what {
            Selected::Fragment { on } => on,
            Selected::Field { .. } => None,
        })
        .collect();
    match selections {
        [one] if matches!(one.what, Selected::Field { .. }) => Ok(()),
        _ if conditions.len() == selections.len() => Ok(()),
        _ => Err("it must be one field, or fragments that each name another type".to_owned()),
    }
}

fn reject_extras(selections: &[Selection<'_>]) -> Result<(), String> {
    for selection in selections {
        if !selection.directives.is_empty() {
            return Err("directives mean nothing here".to_owned());
        }
        if matches!(selection.what, Selected::Field { aliased: true, .. }) {
            return Err("an alias means nothing here".to_owned());
        }
        reject_extras(&selection.children)?;
    }
    Ok(())
}

fn check_fragments<'t>(
    schema: &Schema<'_>,
    setter: &TypeDefinition<'_>,
    selections: &[Selection<'t>],
    wanted: TypeReference<'_>,
    used: &mut HashSet<&'t str>,
) -> Result<(), String> {
    let possible = schema.possible_types(setter.name);
    let mut matches = false;
    for selection in selections {
        let Selected::Fragment { on: Some(on) } = selection.what else { continue };
        let Some(narrowed) = schema.types.get(on).filter(|ty| ty.kind == Kind::Object) else {
            return Err(format!("`{on}` is no object type"));
        };
        if possible.contains(&on) {
            matches = true;
            used.insert(on);
            check_value(schema, narrowed, &selection.children, wanted)?;
        }
    }
    if matches {
        Ok(())
    } else {
        Err(format!("no fragment is on a `{}`, which sets the context", setter.name))
    }
}

/// Whether the selection leads to a value that the argument takes. Whether it may be null does not count, since the argument may.
fn check_value(
    schema: &Schema<'_>,
    parent: &TypeDefinition<'_>,
    selections: &[Selection<'_>],
    wanted: TypeReference<'_>,
) -> Result<(), String> {
    let (lists, name) = selected(schema, parent, selections)?;
    if wanted.non_null == 0 && wanted.lists == lists && wanted.name == name {
        return Ok(());
    }
    let found = TypeReference { name, lists, non_null: 0 };
    Err(format!("it gives a `{found}`, and the argument takes a `{wanted}`"))
}

/// Lists around and name of the type that a selection leads to.
fn selected<'a>(
    schema: &Schema<'a>,
    parent: &TypeDefinition<'a>,
    selections: &[Selection<'_>],
) -> Result<(u8, &'a str), String> {
    if parent.is_interface_object() {
        return Err(format!("`{}` is an `@interfaceObject`", parent.name));
    }
    let mut found = None;
    for selection in selections {
        let Selected::Field { name, .. } = selection.what else {
            return Err("a fragment is of use at its start only".to_owned());
        };
        let field = parent.fields.get(name).filter(|_| parent.kind != Kind::Union);
        let Some(field) = field else { return Err(format!("`{}` has no field `{name}`", parent.name)) };
        let below = schema.types.get(field.ty.name).filter(|below| below.kind.is_composite());
        let (lists, leaf) = match below {
            None if selection.children.is_empty() => (0, field.ty.name),
            None => return Err(format!("`{}.{name}` has no fields to select", parent.name)),
            Some(_) if selection.children.is_empty() => {
                return Err(format!("`{}.{name}` needs a selection", parent.name));
            }
            Some(below) => selected(schema, below, &selection.children)?,
        };
        let of_field = (lists + field.ty.lists, leaf);
        if found.is_some_and(|found| found != of_field) {
            return Err(format!("the fields of `{}` are of different types", parent.name));
        }
        found = Some(of_field);
    }
    found.ok_or_else(|| "it selects nothing".to_owned())
}
