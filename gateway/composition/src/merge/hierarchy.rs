//! Which types are subtypes of which, in any subgraph.

use octavo_index::IndexVec;

use crate::maps::HashSet;
use crate::model::{GraphId, Subgraph, TypeReference};

/// Pairs of a type and an interface it implements or a union it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Hierarchy<'a> {
    pairs: HashSet<(&'a str, &'a str)>,
}

impl<'a> Hierarchy<'a> {
    pub(crate) fn of(subgraphs: &IndexVec<GraphId, Subgraph<'a>>) -> Self {
        let mut pairs = HashSet::default();
        for subgraph in subgraphs {
            for ty in subgraph.schema.types.values() {
                pairs.extend(ty.implements.keys().map(|&interface| (ty.name, interface)));
                pairs.extend(ty.members.keys().map(|&member| (member, ty.name)));
            }
        }
        Self { pairs }
    }

    /// Whether `sub` may stand where `sup` is expected.
    pub(crate) fn is_subtype(&self, sub: TypeReference<'a>, sup: TypeReference<'a>) -> bool {
        sub.marks_cover(sup) && (sub.name == sup.name || self.pairs.contains(&(sub.name, sup.name)))
    }
}
