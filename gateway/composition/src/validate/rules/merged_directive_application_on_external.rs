//! `MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL`: who resolves a field says what holds for it.

use crate::code::Code;
use crate::model::Builtin;
use crate::report::{Place, Report};
use crate::validate::FieldAt;

/// Directives that go into the supergraph from where a field is resolved.
const MERGED: [Builtin; 8] = [
    Builtin::Tag,
    Builtin::Inaccessible,
    Builtin::Deprecated,
    Builtin::Authenticated,
    Builtin::RequiresScopes,
    Builtin::Policy,
    Builtin::Cost,
    Builtin::ListSize,
];

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    if !field.external {
        return;
    }
    for applied in field.applied.iter().filter(|applied| MERGED.iter().any(|&merged| applied.is(merged))) {
        let message = format!(
            "`{}.{}` is `@external`, so `@{}` belongs where it is resolved",
            parent.name, field.name, applied.node.name
        );
        let place = Place { subgraph: subgraph.name, span: applied.span };
        report.error(Code::MergedDirectiveApplicationOnExternal, message, place);
    }
}
