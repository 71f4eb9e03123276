//! External fields against the fields they stand for.

use crate::code::Code;
use crate::merge::Context;
use crate::merge::value::same_value;
use crate::merged::{MergedField, Sources};
use crate::model::{Field, GraphId};
use crate::report::error_at_all;

/// Reports a field that is external wherever it is.
pub(crate) fn report_missing_base<'a>(
    context: &mut Context<'a, '_>,
    coordinate: &str,
    sources: &Sources<'a, Field<'a>>,
) {
    let message = format!("`{coordinate}` is `@external` in every subgraph that has it; none resolves it");
    let places = sources.iter().map(|(graph, field)| (context.place(*graph, field.span), String::new()));
    let error = error_at_all(Code::ExternalMissingOnBase, message, places);
    context.report.push(error);
}

/// Compares external declarations with the merged field; one of a subtype is fine where those who resolve it differ as well.
pub(crate) fn check<'a>(
    context: &mut Context<'a, '_>,
    coordinate: &str,
    merged: &MergedField<'a>,
    same_types: bool,
) {
    let external: Vec<(GraphId, &Field<'a>)> =
        merged.sources.iter().filter(|(_, field)| field.external).copied().collect();
    for (graph, field) in external {
        let place = context.place(graph, field.span);
        let is_subtype = !same_types && context.hierarchy.is_subtype(field.ty, merged.ty);
        if field.ty != merged.ty && !is_subtype {
            let message = format!(
                "the external field `{coordinate}` is `{}` here and `{}` where it is resolved",
                field.ty, merged.ty
            );
            context.report.error(Code::ExternalTypeMismatch, message, place);
        }
        for argument in merged.arguments.values() {
            let what = format!("the argument `{}` of the external field `{coordinate}`", argument.name);
            let Some(found) = field.arguments.get(argument.name) else {
                let message = format!("{what} is missing");
                context.report.error(Code::ExternalArgumentMissing, message, place);
                continue;
            };
            let place = context.place(graph, found.span);
            if !context.hierarchy.is_subtype(found.ty, argument.ty) {
                let message =
                    format!("{what} is `{}` here and `{}` where it is resolved", found.ty, argument.ty);
                context.report.error(Code::ExternalArgumentTypeMismatch, message, place);
            }
            let is_same = match (argument.default, found.default) {
                (Some(one), Some(other)) => same_value(one, other),
                (one, other) => one.is_none() && other.is_none(),
            };
            if !is_same {
                let message = format!("{what} has another default than where it is resolved");
                context.report.error(Code::ExternalArgumentDefaultMismatch, message, place);
            }
        }
    }
}
