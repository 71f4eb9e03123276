//! `PROVIDES_ON_NON_OBJECT_FIELD`, `EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE`: only a field with fields can provide some, and only where
//! it is resolved.

use crate::code::Code;
use crate::model::{Subgraph, Version};
use crate::report::{Place, Report};

/// Whether something was found, in which case the subgraph's field sets mean nothing.
pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) -> bool {
    let mut found = false;
    for parent in subgraph.schema.types.values() {
        for field in parent.fields.values() {
            let Some(provides) = &field.provides else { continue };
            if field.external && subgraph.version != Version::One {
                found = true;
                let message =
                    format!("`{}.{}` is `@external`, and so provides nothing here", parent.name, field.name);
                let place = Place { subgraph: subgraph.name, span: provides.span };
                report.error(Code::ExternalCollisionWithAnotherDirective, message, place);
                continue;
            }
            let target = subgraph.schema.types.get(field.ty.name);
            if target.is_none_or(|target| !target.kind.is_composite()) {
                found = true;
                let message = format!(
                    "`{}.{}` is of type `{}`, which has no fields to provide",
                    parent.name, field.name, field.ty
                );
                let place = Place { subgraph: subgraph.name, span: provides.span };
                report.error(Code::ProvidesOnNonObjectField, message, place);
            }
        }
    }
    found
}
