//! `EXTERNAL_UNUSED`: an external field serves a key, `@requires`, `@provides` or an interface.

use crate::code::Code;
use crate::model::{Kind, Subgraph};
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    for ty in subgraph.schema.types.values().filter(|ty| matches!(ty.kind, Kind::Object | Kind::Interface)) {
        for field in ty.fields.values().filter(|field| field.external && !field.used) {
            let message = format!(
                "`{}.{}` is `@external`, but no `@key`, `@requires`, `@provides` or interface here uses it",
                ty.name, field.name
            );
            report.error(Code::ExternalUnused, message, Place { subgraph: subgraph.name, span: field.span });
        }
    }
}
