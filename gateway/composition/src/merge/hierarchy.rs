//! Which types are subtypes of which, in which subgraph.

use std::collections::HashSet;

use octavo_index::IndexVec;

use crate::model::{GraphId, Subgraph, TypeReference};

/// A type where a subgraph writes it.
pub(crate) type Written<'a> = (GraphId, TypeReference<'a>);

/// Pairs of a type and an interface it implements or a union it belongs to, by subgraph.
#[derive(Debug, Default)]
pub(crate) struct Hierarchy<'a> {
    implementations: HashSet<(GraphId, &'a str, &'a str)>,
    members: HashSet<(GraphId, &'a str, &'a str)>,
}

impl<'a> Hierarchy<'a> {
    pub(crate) fn of(subgraphs: &IndexVec<GraphId, Subgraph<'a>>) -> Self {
        let mut hierarchy = Self::default();
        for (graph, subgraph) in subgraphs.iter_with_ids() {
            for ty in subgraph.schema.types.values() {
                let interfaces = ty.implements.keys();
                hierarchy.implementations.extend(interfaces.map(|&interface| (graph, ty.name, interface)));
                hierarchy.members.extend(ty.members.keys().map(|&member| (graph, member, ty.name)));
            }
        }
        hierarchy
    }

    /// Whether `sub` may stand where `sup` is expected: the subgraph of an implementation says what it implements, the
    /// subgraph of a union says who belongs to it.
    pub(crate) fn is_subtype(&self, sub: Written<'a>, sup: Written<'a>) -> bool {
        let ((sub_graph, sub), (sup_graph, sup)) = (sub, sup);
        sub.marks_cover(sup)
            && (sub.name == sup.name
                || self.implementations.contains(&(sub_graph, sub.name, sup.name))
                || self.members.contains(&(sup_graph, sub.name, sup.name)))
    }
}
