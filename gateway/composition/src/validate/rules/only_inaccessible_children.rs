//! `ONLY_INACCESSIBLE_CHILDREN`: a type that clients see has something in it.

use crate::code::Code;
use crate::merged::{MergedType, is_inaccessible};
use crate::model::Kind;
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values().filter(|ty| !is_inaccessible(&ty.applied)) {
        if ty.kind != Kind::Scalar && !has_visible(schema, ty) {
            let message = format!("clients see `{}`, but everything in it is `@inaccessible`", ty.name);
            report.error(Code::OnlyInaccessibleChildren, message, schema.place_of_type(ty.name));
        }
    }
}

fn has_visible(schema: MergedSchema<'_, '_>, ty: &MergedType<'_>) -> bool {
    let is_visible =
        |name: &str| schema.merged.types.get(name).is_some_and(|ty| !is_inaccessible(&ty.applied));
    match ty.kind {
        Kind::Scalar => true,
        Kind::Union => ty.members.keys().any(|member| is_visible(member)),
        Kind::Enum => ty.values.values().any(|value| !is_inaccessible(&value.applied)),
        Kind::Object | Kind::Interface | Kind::Input => {
            ty.fields.values().any(|field| !is_inaccessible(&field.applied))
        }
    }
}
