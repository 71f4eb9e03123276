//! `INVALID_SHAREABLE_USAGE`: fields of objects are shared, fields of interfaces are not resolved at all.

use crate::code::Code;
use crate::maps::HashSet;
use crate::model::{Builtin, Kind, Subgraph};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

/// The parts of a type may each say that it is shareable, and each only once.
pub(crate) fn check_types(subgraph: &Subgraph<'_>, report: &mut Report) {
    for ty in subgraph.schema.types.values().filter(|ty| ty.kind == Kind::Object) {
        let mut parts = HashSet::default();
        for applied in ty.all(Builtin::Shareable).filter(|applied| !parts.insert(applied.part)) {
            let message = format!("one definition or extension of `{}` is marked shareable twice", ty.name);
            let place = Place { subgraph: subgraph.name, span: applied.span };
            report.error(Code::InvalidShareableUsage, message, place);
        }
    }
}

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let mut marks = field.applied.iter().filter(|applied| applied.is(Builtin::Shareable));
    let Some(first) = marks.next() else { return };
    let place = Place { subgraph: subgraph.name, span: first.span };
    if parent.kind == Kind::Interface {
        let message =
            format!("`{}.{}` is a field of an interface, which cannot be shareable", parent.name, field.name);
        report.error(Code::InvalidShareableUsage, message, place);
    } else if marks.next().is_some() {
        let message = format!("`{}.{}` is marked shareable twice", parent.name, field.name);
        report.error(Code::InvalidShareableUsage, message, place);
    }
}
