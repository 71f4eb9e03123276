//! `REQUIRES_UNSUPPORTED_ON_INTERFACE`, `PROVIDES_UNSUPPORTED_ON_INTERFACE`: nothing resolves a field of an interface.

use crate::code::Code;
use crate::model::Kind;
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    if parent.kind != Kind::Interface {
        return;
    }
    let uses = [
        (&field.requires, "@requires", Code::RequiresUnsupportedOnInterface),
        (&field.provides, "@provides", Code::ProvidesUnsupportedOnInterface),
    ];
    for (set, directive, code) in uses {
        let Some(set) = set else { continue };
        let message = format!(
            "`{}.{}` is a field of an interface, where `{directive}` means nothing",
            parent.name, field.name
        );
        report.error(code, message, Place { subgraph: subgraph.name, span: set.span });
    }
}
