//! `SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES`: subgraphs that share a field must be able to agree on what it returns.
//! `INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN`: and one of them may return what another cannot.

use octavo_diagnostics::Diagnostic;
use octavo_supergraph::{FieldId, TypeId};

use super::moves::Moves;
use super::place::Taken;
use crate::code::Code;
use crate::report::{error, hint_at_all};
use crate::validate::MergedSchema;

/// Reports an abstract field that no object type satisfies in all the subgraphs that resolve it.
pub(crate) fn check(
    moves: &Moves<'_>,
    schema: MergedSchema<'_, '_>,
    coordinate: (TypeId, FieldId),
    taken: &[Taken<'_>],
) -> Option<Diagnostic> {
    let (ty, field) = coordinate;
    let supergraph = moves.supergraph;
    let definition = supergraph.field(field);
    if taken.len() < 2 || !supergraph.ty(definition.ty.named()).kind.is_abstract() {
        return None;
    }
    let sets: Vec<&[TypeId]> =
        taken.iter().map(|taken| moves.graph.runtime_types(taken.subgraph, taken.ty)).collect();
    let (first, rest) = sets.split_first()?;
    if sets.iter().any(|set| set.is_empty()) || rest.iter().all(|set| set == first) {
        return None;
    }
    let (parent, name) = (supergraph.type_name(ty), supergraph.name(definition.name));
    let common: Vec<&str> = first
        .iter()
        .filter(|object| rest.iter().all(|set| set.contains(object)))
        .map(|object| supergraph.type_name(*object))
        .collect();
    if !common.is_empty() {
        let message = format!(
            "the subgraphs that share `{parent}.{name}` do not resolve it to the same types; all of them know `{}` only",
            common.join("`, `")
        );
        let places = taken.iter().zip(&sets).filter_map(|(taken, set)| {
            let names: Vec<&str> = set.iter().map(|object| supergraph.type_name(*object)).collect();
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
