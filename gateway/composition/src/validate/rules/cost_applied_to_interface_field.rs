//! `COST_APPLIED_TO_INTERFACE_FIELD`: implementations have costs, interfaces do not.

use crate::code::Code;
use crate::model::{Builtin, Kind};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    if parent.kind != Kind::Interface {
        return;
    }
    if let Some(cost) = field.get(Builtin::Cost) {
        let message = format!(
            "`{}.{}` is a field of an interface; give its implementations the cost",
            parent.name, field.name
        );
        report.error(
            Code::CostAppliedToInterfaceField,
            message,
            Place { subgraph: subgraph.name, span: cost.span },
        );
    }
}
