//! `REFERENCED_INACCESSIBLE`: what clients see is of types that they see.

use crate::code::Code;
use crate::merged::{is_inaccessible, visible_arguments};
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    let is_hidden = |name: &str| schema.merged.types.get(name).is_some_and(|ty| is_inaccessible(&ty.applied));
    for ty in schema.merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        for field in ty.fields.values().filter(|field| !is_inaccessible(&field.applied)) {
            let mut found = |what: String, hidden: &str| {
                let message = format!("clients see `{what}`, but its type `{hidden}` is `@inaccessible`");
                let place = schema.place_of_field(ty.name, field.name);
                report.error(Code::ReferencedInaccessible, message, place);
            };
            if is_hidden(field.ty.name) {
                found(format!("{}.{}", ty.name, field.name), field.ty.name);
            }
            for argument in visible_arguments(&field.arguments) {
                if is_hidden(argument.ty.name) {
                    found(format!("{}.{}({}:)", ty.name, field.name, argument.name), argument.ty.name);
                }
            }
        }
    }
    for definition in &schema.merged.executable {
        for argument in visible_arguments(&definition.arguments) {
            if is_hidden(argument.ty.name) {
                let message = format!(
                    "clients see `@{}({}:)`, but its type `{}` is `@inaccessible`",
                    definition.name, argument.name, argument.ty.name
                );
                report.error(
                    Code::ReferencedInaccessible,
                    message,
                    schema.place_of_directive(definition.name),
                );
            }
        }
    }
}
