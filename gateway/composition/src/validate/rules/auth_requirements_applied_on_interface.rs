//! `AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE`: access rules belong to what is resolved; interfaces take over those of their
//! implementations.

use crate::code::Code;
use crate::model::{Applied, Builtin, Kind, Subgraph};
use crate::report::{Place, Report};

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    for ty in subgraph.schema.types.values() {
        if ty.kind == Kind::Interface || ty.is_interface_object() {
            check_list(subgraph, ty.name, &ty.applied, report);
        }
        if ty.kind == Kind::Interface {
            for field in ty.fields.values() {
                check_list(subgraph, &format!("{}.{}", ty.name, field.name), &field.applied, report);
            }
        }
    }
}

fn check_list(subgraph: &Subgraph<'_>, what: &str, list: &[Applied<'_>], report: &mut Report) {
    let rules = [Builtin::Authenticated, Builtin::RequiresScopes, Builtin::Policy];
    for applied in list.iter().filter(|applied| rules.iter().any(|&rule| applied.is(rule))) {
        let message = format!(
            "`{what}` belongs to an interface, which takes its access rules from its implementations"
        );
        let place = Place { subgraph: subgraph.name, span: applied.span };
        report.error(Code::AuthRequirementsAppliedOnInterface, message, place);
    }
}
