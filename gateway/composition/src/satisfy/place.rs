//! Where an object can be had from.

use octavo_query_graph::QueryGraph;
use octavo_supergraph::{FieldSelection, SubgraphId, TypeId, TypeKind};

/// An object in one subgraph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place<'g> {
    pub(crate) subgraph: SubgraphId,
    /// Its own type, or the interface that the subgraph has as an interface object in its stead.
    pub(crate) ty: TypeId,
    /// What the way to this place provides beside what the subgraph resolves.
    pub(crate) provided: Vec<&'g FieldSelection>,
}

/// A field that was taken: what it leads to in one subgraph.
#[derive(Clone, Debug)]
pub(crate) struct Taken<'g> {
    pub(crate) subgraph: SubgraphId,
    /// The field's type there.
    pub(crate) ty: TypeId,
    pub(crate) provided: Vec<&'g FieldSelection>,
}

/// The places of each object type that the taken field can lead to.
pub(crate) fn arrivals<'g>(
    graph: &'g QueryGraph,
    ty: TypeId,
    taken: &[Taken<'g>],
) -> Vec<(TypeId, Vec<Place<'g>>)> {
    let supergraph = graph.supergraph();
    if !supergraph.ty(ty).kind.is_composite() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for &object in &supergraph.ty(ty).possible {
        let places: Vec<Place<'g>> = taken.iter().filter_map(|taken| arrive(graph, object, taken)).collect();
        if !places.is_empty() {
            found.push((object, places));
        }
    }
    found
}

fn arrive<'g>(graph: &'g QueryGraph, object: TypeId, taken: &Taken<'g>) -> Option<Place<'g>> {
    let supergraph = graph.supergraph();
    let local = if graph.is_interface_object(taken.subgraph, taken.ty) {
        supergraph.ty(taken.ty).possible.contains(&object).then_some(taken.ty)?
    } else if taken.ty == object || graph.runtime_types(taken.subgraph, taken.ty).contains(&object) {
        object
    } else {
        return None;
    };
    let provided = taken.provided.iter().copied().filter(|selection| applies(graph, selection.on, object));
    Some(Place { subgraph: taken.subgraph, ty: local, provided: provided.collect() })
}

/// Whether a selection on `on` is one on objects of type `object`.
pub(crate) fn applies(graph: &QueryGraph, on: TypeId, object: TypeId) -> bool {
    let on_type = graph.supergraph().ty(on);
    on == object || on_type.kind != TypeKind::Object && on_type.possible.contains(&object)
}

/// Whether all of `some` are among `all`.
pub(crate) fn includes(all: &[Place<'_>], some: &[Place<'_>]) -> bool {
    some.iter().all(|place| all.contains(place))
}
