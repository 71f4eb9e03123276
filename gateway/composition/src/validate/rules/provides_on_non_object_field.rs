//! `PROVIDES_ON_NON_OBJECT_FIELD`: only a field with fields can provide some.

use crate::code::Code;
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let Some(provides) = &field.provides else { return };
    let target = subgraph.schema.types.get(field.ty.name);
    if target.is_none_or(|target| !target.kind.is_composite()) {
        let message = format!(
            "`{}.{}` is of type `{}`, which has no fields to provide",
            parent.name, field.name, field.ty
        );
        let place = Place { subgraph: subgraph.name, span: provides.span };
        report.error(Code::ProvidesOnNonObjectField, message, place);
    }
}
