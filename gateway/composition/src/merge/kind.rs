//! One name, one kind.

use crate::code::Code;
use crate::merge::Context;
use crate::model::Kind;
use crate::report::error_at_all;

/// The kind of each type; types whose kinds differ are reported and left out.
pub(crate) fn compare<'a>(context: &mut Context<'a, '_>) -> Vec<(&'a str, Kind)> {
    let mut kinds = Vec::with_capacity(context.types.len());
    let mut errors = Vec::new();
    for (&name, sources) in &context.types {
        let kind = |ty: &crate::model::TypeDefinition<'_>| {
            if ty.is_interface_object() { Kind::Interface } else { ty.kind }
        };
        let Some(&(_, first)) = sources.first() else { continue };
        let expected = kind(first);
        if sources.iter().any(|(_, ty)| kind(ty) != expected) {
            let message = format!("`{name}` is not the same kind of type in all subgraphs");
            let places = sources.iter().map(|(graph, ty)| {
                (context.place(*graph, ty.span), format!("here an {}", ty.kind.describe()))
            });
            errors.push(error_at_all(Code::TypeKindMismatch, message, places));
        } else if sources.iter().all(|(_, ty)| ty.is_interface_object()) {
            let message = format!(
                "`{name}` is an `@interfaceObject` everywhere; one subgraph must define the interface"
            );
            let places = sources.iter().map(|(graph, ty)| (context.place(*graph, ty.span), String::new()));
            errors.push(error_at_all(Code::InterfaceObjectUsageError, message, places));
        } else {
            kinds.push((name, expected));
        }
    }
    for error in errors {
        context.report.push(error);
    }
    kinds
}
