//! Which fields a subgraph needs for its own field sets and interfaces, and which of them are shared by being keys.

use crate::field_set;
use crate::maps::HashSet;
use crate::model::{Builtin, Kind, Schema, TypeDefinition, Version};

type Coordinates<'a> = HashSet<(&'a str, &'a str)>;

/// Marks fields as used, as shareable where they are part of a key, and as not external where an extension repeats its key.
pub(crate) fn mark(schema: &mut Schema<'_>, version: Version) {
    let keys = key_fields(schema, |_| true);
    let extension_keys = extension_keys(schema, version);
    let mut used = keys.clone();
    let mut provided = HashSet::default();
    collect_field_sets(schema, &mut used, &mut provided);
    used.extend(provided.iter().copied());
    collect_implementations(schema, &mut used);
    collect_contexts(schema, &mut used);
    for ty in schema.types.values_mut() {
        for field in ty.fields.values_mut() {
            let coordinate = (ty.name, field.name);
            field.used = used.contains(&coordinate);
            field.provided = provided.contains(&coordinate);
            field.external &= !extension_keys.contains(&coordinate);
            field.shareable |= keys.contains(&coordinate) || field.external && field.provided;
        }
    }
}

/// Fields that extensions repeat as their keys. Of Federation 1, whatever extends by its keyword was freed of those marks when it
/// was upgraded.
fn extension_keys<'a>(schema: &Schema<'a>, version: Version) -> Coordinates<'a> {
    match version {
        Version::One => key_fields(schema, |ty| ty.has(Builtin::Extends)),
        Version::Two(_) => key_fields(schema, TypeDefinition::is_extension),
    }
}

fn key_fields<'a>(schema: &Schema<'a>, wanted: impl Fn(&TypeDefinition<'a>) -> bool) -> Coordinates<'a> {
    let mut found = HashSet::default();
    for ty in schema.types.values().filter(|ty| wanted(ty)) {
        for key in &ty.keys {
            add(schema, ty.name, &key.fields.text, &mut found);
        }
    }
    found
}

fn collect_field_sets<'a>(schema: &Schema<'a>, used: &mut Coordinates<'a>, provided: &mut Coordinates<'a>) {
    for ty in schema.types.values() {
        for field in ty.fields.values() {
            if let Some(requires) = &field.requires {
                add(schema, ty.name, &requires.text, used);
            }
            if let Some(provides) = &field.provides {
                add(schema, field.ty.name, &provides.text, provided);
            }
        }
    }
}

fn collect_implementations<'a>(schema: &Schema<'a>, found: &mut Coordinates<'a>) {
    for interface in schema.types.values().filter(|ty| ty.kind == Kind::Interface) {
        for implementation in schema.implementers.get(interface.name).into_iter().flatten() {
            found.extend(interface.fields.keys().map(|&field| (*implementation, field)));
        }
    }
}

/// What arguments select from contexts.
fn collect_contexts<'a>(schema: &Schema<'a>, found: &mut Coordinates<'a>) {
    let arguments =
        schema.types.values().flat_map(|ty| ty.fields.values()).flat_map(|field| field.arguments.values());
    let applied = arguments.flat_map(|argument| &argument.applied);
    for applied in applied.filter(|applied| applied.is(Builtin::FromContext)) {
        let Some((name, selection)) = applied.string("field").and_then(field_set::split_context) else {
            continue;
        };
        let sets = |ty: &&TypeDefinition<'a>| {
            ty.all(Builtin::Context).any(|applied| applied.string("name") == Some(name))
        };
        for setter in schema.types.values().filter(sets) {
            add(schema, setter.name, selection, found);
        }
    }
}

fn add<'a>(schema: &Schema<'a>, parent: &'a str, text: &str, found: &mut Coordinates<'a>) {
    if let Ok(selections) = field_set::parse(text) {
        field_set::for_each_field(schema, parent, &selections, &mut |parent, field| {
            found.insert((parent, field));
        });
    }
}
