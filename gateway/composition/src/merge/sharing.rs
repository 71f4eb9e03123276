//! A field that several subgraphs resolve must be shareable in all of them.

use crate::code::Code;
use crate::merge::Context;
use crate::merge::overrides::Takeover;
use crate::merged::{MergedField, MergedType};
use crate::model::{Field, GraphId};
use crate::report::error_at_all;

/// Reports a field that is shared without being shareable everywhere.
pub(crate) fn check<'a>(
    context: &mut Context<'a, '_>,
    parent: &MergedType<'a>,
    merged: &MergedField<'a>,
    takeover: &Takeover<'a>,
) {
    let mut resolving: Vec<(GraphId, &Field<'a>)> = merged
        .sources
        .iter()
        .filter(|(graph, field)| takeover.of(*graph).is_none() && (!field.external || field.provided))
        .copied()
        .collect();
    resolving.extend(through_interface_objects(context, parent, merged.name));
    let not_shareable = resolving.iter().filter(|(_, field)| !field.shareable).count();
    if parent.name == "Subscription" {
        return check_subscription(context, merged, &resolving);
    }
    if not_shareable == 0 || resolving.len() < 2 || is_labelled_pair(&resolving, takeover) {
        return;
    }
    let message = format!(
        "`{}.{}` is resolved by several subgraphs, and not shareable in all of them",
        parent.name, merged.name
    );
    let places = resolving.iter().map(|(graph, field)| {
        let text = if field.shareable { "shareable here" } else { "not shareable here" };
        (context.place(*graph, field.span), text.to_owned())
    });
    let error = error_at_all(Code::InvalidFieldSharing, message, places)
        .help("mark it `@shareable` everywhere, or resolve it in one subgraph only");
    context.report.push(error);
}

/// While an override is rolled out, the two subgraphs of its label both resolve the field.
fn is_labelled_pair(resolving: &[(GraphId, &Field<'_>)], takeover: &Takeover<'_>) -> bool {
    resolving.len() == 2 && resolving.iter().all(|(graph, _)| takeover.label(*graph).is_some())
}

/// Fields of interface objects in subgraphs that do not know the type itself.
pub(crate) fn through_interface_objects<'a>(
    context: &Context<'a, '_>,
    parent: &MergedType<'a>,
    name: &str,
) -> Vec<(GraphId, &'a Field<'a>)> {
    let mut found = Vec::new();
    let mut interfaces: Vec<&str> = parent.implements.iter().map(|(_, interface)| *interface).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    for interface in interfaces {
        for (graph, ty) in context.types.get(interface).into_iter().flatten() {
            let knows_type = parent.sources.iter().any(|(other, _)| other == graph);
            if ty.is_interface_object()
                && !knows_type
                && let Some(field) = ty.fields.get(name)
                && (!field.external || field.provided)
            {
                found.push((*graph, field));
            }
        }
    }
    found
}

fn check_subscription<'a>(
    context: &mut Context<'a, '_>,
    merged: &MergedField<'a>,
    resolving: &[(GraphId, &Field<'a>)],
) {
    if resolving.iter().all(|(_, field)| !field.shareable) && resolving.len() < 2 {
        return;
    }
    let message =
        format!("`Subscription.{}` cannot be shared: one subgraph must own each subscription", merged.name);
    let places = resolving.iter().map(|(graph, field)| (context.place(*graph, field.span), String::new()));
    let error = error_at_all(Code::InvalidFieldSharing, message, places);
    context.report.push(error);
}
