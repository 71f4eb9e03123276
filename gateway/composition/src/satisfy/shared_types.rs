//! `SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES`: subgraphs that share a field must be able to agree on what it returns.

use octavo_diagnostics::Diagnostic;
use octavo_supergraph::{FieldId, TypeId};

use super::moves::Moves;
use super::place::Taken;
use crate::code::Code;
use crate::report::error;
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
    let disjoint = !first.iter().any(|object| rest.iter().all(|set| set.contains(object)));
    if !disjoint || sets.iter().any(|set| set.is_empty()) {
        return None;
    }
    let (parent, name) = (supergraph.type_name(ty), supergraph.name(definition.name));
    let message = format!(
        "the subgraphs that share `{parent}.{name}` resolve it to different types, none of which they have in common"
    );
    let place = schema.place_of_field(parent, name);
    Some(error(Code::ShareableMismatchedRuntimeTypes, message, place))
}
