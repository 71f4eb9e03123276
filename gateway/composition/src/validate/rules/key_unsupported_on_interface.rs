//! `KEY_UNSUPPORTED_ON_INTERFACE`: interfaces have keys since Federation 2.3.

use crate::code::Code;
use crate::model::{Kind, Subgraph, Version};
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    if subgraph.version.reaches(3) || subgraph.version == Version::One {
        return;
    }
    for ty in subgraph.schema.types.values().filter(|ty| ty.kind == Kind::Interface) {
        if let Some(key) = ty.keys.first() {
            let message =
                format!("`{}` is an interface, which can have a key since Federation 2.3 only", ty.name);
            let place = Place { subgraph: subgraph.name, span: key.fields.span };
            report.error(Code::KeyUnsupportedOnInterface, message, place);
        }
    }
}
