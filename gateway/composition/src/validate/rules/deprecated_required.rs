//! `INVALID_GRAPHQL` for `@deprecated`: who must give a value cannot do without it. See
//! <https://spec.graphql.org/draft/#sec--deprecated>.

use std::fmt::Arguments;

use crate::code::Code;
use crate::model::{Applied, Builtin, Kind};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let FieldAt { subgraph, parent, field } = at;
    let mut check_one = |what: Arguments<'_>, applied: &[Applied<'_>]| {
        if let Some(deprecated) = applied.iter().find(|applied| applied.is(Builtin::Deprecated)) {
            let message =
                format!("{what} is required, so that it cannot be deprecated; make it nullable first");
            let place = Place { subgraph: subgraph.name, span: deprecated.span };
            report.error(Code::InvalidGraphql, message, place);
        }
    };
    let coordinate = format_args!("`{}.{}`", parent.name, field.name);
    if parent.kind == Kind::Input && field.ty.is_non_null() && field.default.is_none() {
        check_one(coordinate, &field.applied);
    }
    for argument in field.arguments.values().filter(|argument| argument.is_required()) {
        check_one(format_args!("the argument `{}` of {coordinate}", argument.name), &argument.applied);
    }
}
