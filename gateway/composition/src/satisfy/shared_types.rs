//! `SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES`: subgraphs that share a field must be able to agree on what it returns.
//! `INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN`: and one of them may return what another cannot.

use octavo_diagnostics::Diagnostic;
use octavo_supergraph::{FieldId, TypeId};

use super::moves::Moves;
use super::place::Taken;
use crate::code::Code;
use crate::report::{error, hint_at_all};
use crate::validate::MergedSchema;

/// What a field may return where it was taken.
type Returned<'t, 'g> = (&'t Taken<'g>, Vec<TypeId>);

/// Reports an abstract field that no object type satisfies in all the subgraphs that resolve it. Where all but one of them say
/// which object type they return, there is nothing to agree on.
pub(crate) fn check(
    moves: &Moves<'_>,
    schema: MergedSchema<'_, '_>,
    coordinate: (TypeId, FieldId),
    taken: &[Taken<'_>],
) -> Option<Diagnostic> {
    let (ty, field) = coordinate;
    let supergraph = moves.supergraph;
    let definition = supergraph.field(field);
    if taken.iter().filter(|taken| is_abstract(moves, taken)).count() < 2 {
        return None;
    }
    let returned = returned(moves, definition.ty.named(), taken);
    let ((_, first), rest) = returned.split_first()?;
    if returned.iter().all(|(_, types)| types.is_empty()) || rest.iter().all(|(_, types)| types == first) {
        return None;
    }
    let (parent, name) = (supergraph.type_name(ty), supergraph.name(definition.name));
    let common: Vec<&str> = first
        .iter()
        .filter(|object| rest.iter().all(|(_, types)| types.contains(object)))
        .map(|object| supergraph.type_name(*object))
        .collect();
    if !common.is_empty() {
        let message = format!(
            "the subgraphs that share `{parent}.{name}` do not resolve it to the same types; all of them know `{}` only",
            common.join("`, `")
        );
        let places = returned.iter().filter_map(|(taken, types)| {
            let names: Vec<&str> = types.iter().map(|object| supergraph.type_name(*object)).collect();
            let place = schema.place_of_field_in(parent, name, supergraph.subgraph_name(taken.subgraph))?;
            Some((place, format!("`{}` here", names.join("`, `"))))
        });
        return Some(hint_at_all(Code::InconsistentRuntimeTypesForShareableReturn, message, places));
    }
    let message = format!(
        "the subgraphs that share `{parent}.{name}` resolve it to different types, none of which they have in common"
    );
    let place = schema.place_of_field(parent, name);
    Some(error(Code::ShareableMismatchedRuntimeTypes, message, place))
}

/// Whether a subgraph leaves open which object type it returns; an interface object hides that, and is one type to its subgraph.
fn is_abstract(moves: &Moves<'_>, taken: &Taken<'_>) -> bool {
    moves.supergraph.ty(taken.ty).kind.is_abstract()
        && !moves.graph.is_interface_object(taken.subgraph, taken.ty)
}

/// The object types that each subgraph may return. One that returns only what clients do not see has no part in what is shared.
fn returned<'t, 'g>(moves: &Moves<'g>, result: TypeId, taken: &'t [Taken<'g>]) -> Vec<Returned<'t, 'g>> {
    let supergraph = moves.supergraph;
    let is_seen =
        |ty: &TypeId| supergraph.ty(result).possible.contains(ty) && !supergraph.ty(*ty).inaccessible;
    let all = taken.iter().map(|taken| {
        let types = if is_abstract(moves, taken) {
            moves.graph.runtime_types(taken.subgraph, taken.ty).to_vec()
        } else {
            vec![taken.ty]
        };
        (taken, types)
    });
    all.filter(|(_, types)| types.len() != 1 || types.iter().all(is_seen)).collect()
}
