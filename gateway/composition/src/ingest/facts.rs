//! States as fields of the model what directives on types and fields say: keys, `@requires`, `@provides`, external, shareable.

use std::borrow::Cow;

use octavo_language::ast::Value;

use crate::model::{Applied, Builtin, Field, FieldSet, Key, Schema};

/// States the facts of all types.
pub(crate) fn state(schema: &mut Schema<'_>) {
    for ty in schema.types.values_mut() {
        ty.keys = ty
            .all(Builtin::Key)
            .filter_map(|applied| {
                Some(Key {
                    fields: field_set(applied)?,
                    resolvable: applied.boolean("resolvable"),
                    of_extension: ty.extension_parts.contains(&applied.part) || ty.has(Builtin::Extends),
                })
            })
            .collect();
        let parts = |builtin| ty.all(builtin).map(|applied| applied.part).collect::<Vec<_>>();
        let is_external = ty.has(Builtin::External);
        let shareable_parts = parts(Builtin::Shareable);
        for field in ty.fields.values_mut() {
            state_field(field);
            field.external |= is_external;
            field.shareable |= shareable_parts.contains(&field.part);
        }
    }
}

fn state_field(field: &mut Field<'_>) {
    field.requires = field.get(Builtin::Requires).and_then(field_set);
    field.provides = field.get(Builtin::Provides).and_then(field_set);
    field.external = field.has(Builtin::External);
    field.shareable = field.has(Builtin::Shareable);
}

fn field_set<'a>(applied: &Applied<'a>) -> Option<FieldSet<'a>> {
    let value = applied.argument("fields")?;
    let (text, is_string) = match &**value {
        Value::String(text) => (Cow::Borrowed(text.as_str()), true),
        Value::Enum(name) => (Cow::Borrowed(name.as_str()), false),
        Value::List(items) => {
            let texts = items.iter().map(|item| match &**item {
                Value::String(text) => text.as_str().to_owned(),
                other => other.to_string(),
            });
            (Cow::Owned(texts.collect::<Vec<_>>().join(" ")), false)
        }
        other => (Cow::Owned(other.to_string()), false),
    };
    Some(FieldSet { text, is_string, span: applied.span })
}
