//! `REQUIRED_INACCESSIBLE`: clients can give what they must give.

use crate::code::Code;
use crate::merged::is_inaccessible;
use crate::model::Kind;
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        for field in ty.fields.values() {
            let is_hidden = is_inaccessible(&field.applied);
            let place = || schema.place_of_field(ty.name, field.name);
            if is_hidden && ty.kind == Kind::Input && field.ty.is_non_null() && field.default.is_none() {
                let message =
                    format!("the input field `{}.{}` is required, but `@inaccessible`", ty.name, field.name);
                report.error(Code::RequiredInaccessible, message, place());
            }
            if is_hidden {
                continue;
            }
            for argument in field.arguments.values().filter(|argument| is_inaccessible(&argument.applied)) {
                if argument.ty.is_non_null() && argument.default.is_none() {
                    let message = format!(
                        "the argument `{}` of `{}.{}` is required, but `@inaccessible`",
                        argument.name, ty.name, field.name
                    );
                    report.error(Code::RequiredInaccessible, message, place());
                }
            }
        }
    }
}
