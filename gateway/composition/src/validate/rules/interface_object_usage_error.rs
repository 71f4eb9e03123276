//! `INTERFACE_OBJECT_USAGE_ERROR`: an interface object is an entity.

use crate::code::Code;
use crate::model::Subgraph;
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    for ty in subgraph.schema.types.values() {
        if ty.is_interface_object() && ty.keys.is_empty() {
            let message = format!("`{}` is an `@interfaceObject`, and so needs a `@key` here", ty.name);
            let place = Place { subgraph: subgraph.name, span: ty.span };
            report.error(Code::InterfaceObjectUsageError, message, place);
        }
    }
}
