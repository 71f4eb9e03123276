//! One name, one kind.

use crate::code::Code;
use crate::merge::Context;
use crate::model::{Kind, TypeDefinition};
use crate::report::error_at_all;

/// The kind of each type. A type whose kinds differ is reported, and goes on as what the first subgraph has it as.
pub(crate) fn compare<'a>(context: &mut Context<'a, '_>) -> Vec<(&'a str, Kind)> {
    let mut kinds = Vec::with_capacity(context.types.len());
    let mut errors = Vec::new();
    let mut mismatched = Vec::new();
    for (&name, sources) in &context.types {
        let Some(&(_, first)) = sources.first() else { continue };
        let expected = merged_kind(first);
        if sources.iter().any(|(_, ty)| merged_kind(ty) != expected) {
            let message = format!("`{name}` is not the same kind of type in all subgraphs");
            let places = sources.iter().map(|(graph, ty)| {
                (context.place(*graph, ty.span), format!("here an {}", ty.kind.describe()))
            });
            errors.push(error_at_all(Code::TypeKindMismatch, message, places));
            mismatched.push((name, expected));
        } else if sources.iter().all(|(_, ty)| ty.is_interface_object()) {
            let message = format!(
                "`{name}` is an `@interfaceObject` everywhere; one subgraph must define the interface"
            );
            let places = sources.iter().map(|(graph, ty)| (context.place(*graph, ty.span), String::new()));
            errors.push(error_at_all(Code::InterfaceObjectUsageError, message, places));
        }
        kinds.push((name, expected));
    }
    for (name, expected) in mismatched {
        if let Some(sources) = context.types.get_mut(name) {
            sources.retain(|(_, ty)| merged_kind(ty) == expected);
        }
    }
    for error in errors {
        context.report.push(error);
    }
    kinds
}

/// The kind that a type has in the supergraph.
fn merged_kind(ty: &TypeDefinition<'_>) -> Kind {
    if ty.is_interface_object() { Kind::Interface } else { ty.kind }
}
