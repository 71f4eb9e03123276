//! Fields that an `@interfaceObject` adds to an interface belong to all its implementations.

use crate::code::Code;
use crate::merge::overrides::Takeover;
use crate::merge::{Context, sharing};
use crate::merged::{JoinField, Merged, MergedField};
use crate::model::Kind;

/// Gives every implementation the fields of its interfaces' interface objects, and reports implementations that such a
/// subgraph must not know.
pub(crate) fn complete_implementations<'a>(context: &mut Context<'a, '_>, merged: &mut Merged<'a>) {
    let interfaces: Vec<&'a str> = merged
        .types
        .values()
        .filter(|ty| ty.kind == Kind::Interface && ty.sources.iter().any(|(_, ty)| ty.is_interface_object()))
        .map(|ty| ty.name)
        .collect();
    for interface in interfaces {
        let fields = provided_fields(merged, interface);
        let implementations: Vec<&'a str> = merged
            .types
            .values()
            .filter(|ty| ty.kind == Kind::Object && ty.implements.iter().any(|(_, name)| *name == interface))
            .map(|ty| ty.name)
            .collect();
        for name in implementations {
            report_known(context, merged, interface, name);
            let Some(implementation) = merged.types.get_mut(name) else { continue };
            let new: Vec<_> =
                fields.iter().filter(|field| !implementation.fields.contains_key(field.name)).collect();
            for field in &new {
                implementation.fields.insert(field.name, (*field).clone());
            }
            // Those that it has itself were looked at when they were merged.
            for field in new {
                sharing::check(context, implementation, field, &Takeover::default());
            }
        }
    }
}

fn provided_fields<'a>(merged: &Merged<'a>, interface: &str) -> Vec<MergedField<'a>> {
    let Some(interface) = merged.types.get(interface) else { return Vec::new() };
    let objects: Vec<_> =
        interface.sources.iter().filter(|(_, ty)| ty.is_interface_object()).map(|(_, ty)| *ty).collect();
    let provided =
        interface.fields.values().filter(|field| objects.iter().any(|ty| ty.fields.contains_key(field.name)));
    provided
        .map(|field| MergedField { joins: vec![JoinField::default()], sources: Vec::new(), ..field.clone() })
        .collect()
}

fn report_known<'a>(context: &mut Context<'a, '_>, merged: &Merged<'a>, interface: &str, name: &str) {
    let Some(ty) = merged.types.get(name) else { return };
    for (graph, source) in &ty.sources {
        let schema = &context.subgraphs[*graph].schema;
        if schema.types.get(interface).is_some_and(crate::model::TypeDefinition::is_interface_object) {
            let message = format!(
                "`{interface}` is an `@interfaceObject` in this subgraph, which must not define its implementation `{name}` too"
            );
            let place = context.place(*graph, source.span);
            context.report.error(Code::InterfaceObjectUsageError, message, place);
        }
    }
}
