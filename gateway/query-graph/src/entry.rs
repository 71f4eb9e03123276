//! Entering a subgraph as an entity: by which key, and under which type name.

use octavo_supergraph::{Key, SubgraphId, TypeId};

use crate::QueryGraph;

/// A way into a subgraph.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'g> {
    /// The subgraph that is entered.
    pub subgraph: SubgraphId,
    /// The type as which the entity is looked up: the object's own, or one of its interfaces.
    pub ty: TypeId,
    /// What must be known.
    pub key: &'g Key,
}

impl QueryGraph {
    /// The ways to look up objects of type `ty` in a subgraph: by the type's own keys, then by those of its interfaces, where the
    /// subgraph has the interface as an entity or as an `@interfaceObject`.
    pub fn entries(&self, ty: TypeId, subgraph: SubgraphId) -> impl Iterator<Item = Entry<'_>> {
        let types = std::iter::once(ty).chain(self.interfaces(ty).iter().copied());
        types.filter(move |as_type| self.is_entity_as(ty, *as_type, subgraph)).flat_map(move |as_type| {
            let join = self.joined(subgraph, as_type);
            let keys = join.into_iter().flat_map(|join| join.keys.iter()).filter(|key| key.resolvable);
            keys.map(move |key| Entry { subgraph, ty: as_type, key })
        })
    }

    /// Whether the subgraph can look up an object of type `ty` under the type `as_type`.
    fn is_entity_as(&self, ty: TypeId, as_type: TypeId, subgraph: SubgraphId) -> bool {
        as_type == ty
            || self.is_interface_object(subgraph, as_type)
            || self.runtime_types(subgraph, as_type).contains(&ty)
    }
}
