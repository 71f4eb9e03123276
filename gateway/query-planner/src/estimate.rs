//! What a choice will cost further down: requests that a selection needs beside the one that it starts in.
//!
//! An estimate, not a promise: it shares requests among the fields of one selection set, not between sets.

use std::collections::BTreeSet;

use octavo_operation::{Item, ItemField};
use octavo_supergraph::{FieldId, FieldSelection, SubgraphId, TypeId};

use crate::planner::Planner;
use crate::reach::REQUEST;
use crate::state::includes;
use crate::want::Children;

/// Where a value type is split over subgraphs, the way leads through the position above.
const DETOUR: u32 = REQUEST + REQUEST / 2;
/// A field of types that the subgraph never returns: between equal subgraphs, one that could is asked.
const UNKNOWN: u32 = 1;

impl<'g> Planner<'g> {
    /// The cost of `children` on objects of `ty` when they are asked of `subgraph`.
    pub(crate) fn estimate(
        &mut self,
        subgraph: SubgraphId,
        ty: TypeId,
        children: Children<'g>,
        provides: &[&'g FieldSelection],
    ) -> u32 {
        let Children::Set(set) = children else { return 0 };
        let key = (subgraph, set, provides.to_vec());
        if let Some(&known) = self.estimates.get(&key) {
            return known;
        }
        let mut others = BTreeSet::new();
        let mut below = 0;
        let operation = self.operation;
        for item in &operation.set(set).items {
            let ItemField::Field(field) = item.field else { continue };
            let types = self.asked_types((subgraph, ty), item, field, provides);
            below += u32::from(types.is_empty()) * UNKNOWN;
            for on in types {
                below += self.estimate_field(subgraph, on, (item, field), provides, &mut others);
            }
        }
        let detours = others.iter().filter(|(_, entity)| !entity).count();
        let requests = others.len() - detours;
        let cost = below + count(requests) * REQUEST + count(detours) * DETOUR;
        self.estimates.insert(key, cost);
        cost
    }

    /// The types on which an item is asked: one that stands for all where the subgraph resolves it alike.
    fn asked_types(
        &self,
        (subgraph, ty): (SubgraphId, TypeId),
        item: &Item,
        field: FieldId,
        provides: &[&'g FieldSelection],
    ) -> Vec<TypeId> {
        let declared = self.supergraph.field(field).parent;
        if !self.supergraph.ty(ty).kind.is_abstract() || self.graph.is_interface_object(subgraph, ty) {
            return vec![ty];
        }
        if self.is_uniform((subgraph, ty), &item.types, field, provides) {
            return vec![declared];
        }
        let types = self.graph.runtime_types(subgraph, ty).iter().copied();
        types.filter(|t| includes(&item.types, *t)).collect()
    }

    fn estimate_field(
        &mut self,
        subgraph: SubgraphId,
        on: TypeId,
        (item, wanted): (&Item, FieldId),
        provides: &[&'g FieldSelection],
        others: &mut BTreeSet<(SubgraphId, bool)>,
    ) -> u32 {
        let children = item.children.map_or(Children::None, Children::Set);
        let named = self.type_in(subgraph, wanted);
        let above = self.provided(provides, on, Some(wanted));
        let abstract_type = self.supergraph.ty(on).kind.is_abstract();
        if let Some(provided) = above.filter(|_| !abstract_type) {
            let inner: Vec<_> = provided.selections.iter().collect();
            return self.estimate(subgraph, named, children, &inner);
        }
        let Some(field) = self.same_field(on, wanted) else { return 0 };
        let graph = self.graph;
        if let Some(access) = graph.access(subgraph, field) {
            if access.requires().is_some() {
                others.insert((subgraph, true));
            }
            let mut inner = self.provides_of(subgraph, field);
            inner.extend(above.into_iter().flat_map(|selection| &selection.selections));
            return self.estimate(subgraph, self.type_in(subgraph, field), children, &inner);
        }
        let options: Vec<_> = self.options(on, field);
        let known = options.iter().find(|(s, _)| others.iter().any(|(other, _)| other == s)).copied();
        let best = match known {
            Some((other, field)) => Some((other, field)),
            None => options.into_iter().min_by_key(|&(other, field)| {
                let inner = self.provides_of(other, field);
                self.estimate(other, named, children, &inner)
            }),
        };
        let Some((other, field)) = best else { return DETOUR };
        let entity = graph.entries(on, other).any(|entry| {
            entry.key.fields.iter().all(|part| {
                self.resolves_whole_on(subgraph, on, part)
                    || self.provided(provides, on, part.field).is_some()
            })
        });
        others.insert((other, entity));
        let inner = self.provides_of(other, field);
        self.estimate(other, self.type_in(other, field), children, &inner)
    }

    /// The subgraphs that resolve a field for objects of `ty`, with the field as they have it.
    pub(crate) fn options(&self, ty: TypeId, field: FieldId) -> Vec<(SubgraphId, FieldId)> {
        let mut options: Vec<_> = self.graph.accesses(field).map(|access| (access.subgraph, field)).collect();
        for &interface in self.graph.interfaces(ty) {
            let Some(field) = self.same_field(interface, field) else { continue };
            for access in self.graph.accesses(field) {
                let new = !options.iter().any(|(subgraph, _)| *subgraph == access.subgraph);
                if new && self.graph.is_interface_object(access.subgraph, interface) {
                    options.push((access.subgraph, field));
                }
            }
        }
        options
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX / DETOUR)
}
