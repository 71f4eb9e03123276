//! `IMPLEMENTED_BY_INACCESSIBLE`: a field of an interface that clients see is one that they see on its implementations.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::merged::{is_inaccessible, visible_arguments};
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        let interfaces: BTreeSet<&str> = ty.implements.iter().map(|(_, interface)| *interface).collect();
        for interface in interfaces.into_iter().filter_map(|name| schema.merged.types.get(name)) {
            if is_inaccessible(&interface.applied) {
                continue;
            }
            for field in interface.fields.values().filter(|field| !is_inaccessible(&field.applied)) {
                let Some(own) = ty.fields.get(field.name) else { continue };
                let place = schema.place_of_field(ty.name, field.name);
                if is_inaccessible(&own.applied) {
                    let message = format!(
                        "`{}.{}` is `@inaccessible`, but implements `{}.{}`, which clients see",
                        ty.name, field.name, interface.name, field.name
                    );
                    report.error(Code::ImplementedByInaccessible, message, place);
                }
                for argument in visible_arguments(&field.arguments) {
                    let hidden =
                        own.arguments.get(argument.name).is_some_and(|own| is_inaccessible(&own.applied));
                    if hidden {
                        let message = format!(
                            "the argument `{}` of `{}.{}` is `@inaccessible`, but clients see it on `{}`",
                            argument.name, ty.name, field.name, interface.name
                        );
                        report.error(Code::ImplementedByInaccessible, message, place);
                    }
                }
            }
        }
    }
}
