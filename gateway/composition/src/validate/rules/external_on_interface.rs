//! `EXTERNAL_ON_INTERFACE`: nothing resolves a field of an interface, so it belongs to nobody.

use crate::code::Code;
use crate::model::{Builtin, Kind, Version};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    if parent.kind != Kind::Interface || subgraph.version == Version::One || !field.has(Builtin::External) {
        return;
    }
    let message = format!(
        "`{}.{}` is a field of an interface, where `@external` means nothing",
        parent.name, field.name
    );
    report.error(Code::ExternalOnInterface, message, Place { subgraph: subgraph.name, span: field.span });
}
