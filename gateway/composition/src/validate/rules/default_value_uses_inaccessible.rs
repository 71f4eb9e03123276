//! `DEFAULT_VALUE_USES_INACCESSIBLE`: a default that clients see holds only what they see.

use std::fmt::Arguments;

use octavo_language::ast::Value;

use crate::code::Code;
use crate::merged::{is_inaccessible, visible_arguments};
use crate::model::{Kind, TypeReference};
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        for field in ty.fields.values().filter(|field| !is_inaccessible(&field.applied)) {
            let mut check_one = |what: Arguments<'_>,
                                 default: Option<&Value>,
                                 reference: TypeReference<'_>| {
                let Some(hidden) = default.and_then(|value| hidden_in(schema, value, reference.name)) else {
                    return;
                };
                let message = format!("the default of `{what}` uses `{hidden}`, which is `@inaccessible`");
                let place = schema.place_of_field(ty.name, field.name);
                report.error(Code::DefaultValueUsesInaccessible, message, place);
            };
            check_one(format_args!("{}.{}", ty.name, field.name), field.default, field.ty);
            for argument in visible_arguments(&field.arguments) {
                let what = format_args!("{}.{}({}:)", ty.name, field.name, argument.name);
                check_one(what, argument.default, argument.ty);
            }
        }
    }
    check_directives(schema, report);
}

/// What operations give to directives is seen by clients as well.
fn check_directives(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for definition in &schema.merged.executable {
        for argument in visible_arguments(&definition.arguments) {
            let default = argument.default;
            let Some(hidden) = default.and_then(|value| hidden_in(schema, value, argument.ty.name)) else {
                continue;
            };
            let message = format!(
                "the default of `@{}({}:)` uses `{hidden}`, which is `@inaccessible`",
                definition.name, argument.name
            );
            let place = schema.place_of_directive(definition.name);
            report.error(Code::DefaultValueUsesInaccessible, message, place);
        }
    }
}

/// The coordinate of something hidden in a value. Values nest no deeper than the parser lets them.
fn hidden_in(schema: MergedSchema<'_, '_>, value: &Value, ty: &str) -> Option<String> {
    let definition = schema.merged.types.get(ty)?;
    match value {
        Value::List(items) => items.iter().find_map(|item| hidden_in(schema, item, ty)),
        Value::Enum(name) if definition.kind == Kind::Enum => {
            let entry = definition.values.get(name.as_str())?;
            is_inaccessible(&entry.applied).then(|| format!("{ty}.{name}"))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let field = definition.fields.get(name.as_str())?;
            if is_inaccessible(&field.applied) {
                return Some(format!("{ty}.{name}"));
            }
            hidden_in(schema, value, field.ty.name)
        }),
        _ => None,
    }
}
