//! `MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL`: who resolves a field says what holds for it.

use crate::code::Code;
use crate::model::{Builtin, Version};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    if !field.external || subgraph.version == Version::One {
        return;
    }
    for applied in &field.applied {
        let name = if applied.is(Builtin::Tag) {
            "@tag"
        } else if applied.is(Builtin::Inaccessible) {
            "@inaccessible"
        } else {
            continue;
        };
        let message = format!(
            "`{}.{}` is `@external`, so `{name}` belongs where it is resolved",
            parent.name, field.name
        );
        let place = Place { subgraph: subgraph.name, span: applied.span };
        report.error(Code::MergedDirectiveApplicationOnExternal, message, place);
    }
}
