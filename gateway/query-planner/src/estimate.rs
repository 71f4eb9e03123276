//! What a choice will cost further down: requests that a selection needs beside the one that it starts in.
//!
//! An estimate, not a promise: it shares requests among the fields of one selection set, not between sets.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use octavo_index::IdMap;
use octavo_operation::{Item, ItemField, SetId};
use octavo_supergraph::{FieldId, FieldSelection, SubgraphId, TypeId};

use crate::planner::Planner;
use crate::prices::REQUEST;
use crate::state::includes;
use crate::want::Children;

/// A part of a schema's field set, the same only if it is the same place of the schema.
#[derive(Clone, Copy, Debug)]
struct ByAddress<'g>(&'g FieldSelection);

impl PartialEq for ByAddress<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ByAddress<'_> {}

impl Hash for ByAddress<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

/// What was found out of an operation on a graph, whatever is decided.
#[derive(Debug, Default)]
pub(crate) struct Memory<'g> {
    /// What a selection costs that is asked of a subgraph with what is provided there.
    estimates: IdMap<(SubgraphId, SetId, Vec<ByAddress<'g>>), u32>,
    /// The options below which the least has to be asked of others.
    cheapest: IdMap<(TypeId, FieldId, SetId), Option<(SubgraphId, FieldId)>>,
}

/// A request to another subgraph.
struct Other {
    /// Whether all objects can be looked up there by what the first subgraph has.
    is_entered: bool,
    /// The type for which that was found out last.
    on: Option<TypeId>,
}

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
        self.count(1);
        let key = (subgraph, set, provides.iter().map(|&selection| ByAddress(selection)).collect());
        if let Some(&known) = self.memory.estimates.get(&key) {
            return known;
        }
        let mut others = BTreeMap::new();
        let mut below = 0;
        let mut open = Vec::new();
        let operation = self.operation;
        for item in &operation.set(set).items {
            let ItemField::Field(field) = item.field else { continue };
            if item.children.is_none() && self.resolves_leaf(subgraph, ty, field) {
                continue;
            }
            let types = self.asked_types((subgraph, ty), item, field, provides);
            self.count(1 + types.len());
            below += u32::from(types.is_empty()) * UNKNOWN;
            for on in types {
                // Who is asked anyway is known when others choose.
                if self.has_choice(subgraph, on, field) {
                    open.push((on, item, field));
                } else {
                    below += self.estimate_field(subgraph, on, (item, field), provides, &mut others);
                }
            }
        }
        for (on, item, field) in open {
            below += self.estimate_field(subgraph, on, (item, field), provides, &mut others);
        }
        let price = |(subgraph, other): (&SubgraphId, &Other)| {
            let request = self.first_prices.at_some_level(*subgraph);
            if other.is_entered || request < REQUEST { request } else { request.max(DETOUR) }
        };
        let cost = below + others.iter().map(price).sum::<u32>();
        self.memory.estimates.insert(key, cost);
        cost
    }

    /// Whether a subgraph resolves a leaf for objects of one type, asking nobody else.
    fn resolves_leaf(&self, subgraph: SubgraphId, ty: TypeId, field: FieldId) -> bool {
        let own = self.supergraph.field(field).parent == ty && !self.supergraph.ty(ty).kind.is_abstract();
        own && self.graph.access(subgraph, field).is_some_and(|access| access.is_plain())
    }

    /// Whether a field is to be had of several others alone.
    fn has_choice(&self, subgraph: SubgraphId, on: TypeId, field: FieldId) -> bool {
        let Some(field) = self.same_field(on, field) else { return false };
        self.graph.access(subgraph, field).is_none() && self.graph.resolving(field).len() > 1
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
        others: &mut BTreeMap<SubgraphId, Other>,
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
            if !access.is_plain() {
                others.entry(subgraph).or_insert(Other { is_entered: true, on: None });
            }
            let mut inner = self.provides_of(subgraph, field);
            inner.extend(above.into_iter().flat_map(|selection| &selection.selections));
            return self.estimate(subgraph, self.type_in(subgraph, field), children, &inner);
        }
        let options = self.graph.resolving(field);
        self.count(1 + others.len().min(options.len()));
        let known = if options.len() < others.len() {
            options.iter().copied().filter(|(other, _)| others.contains_key(other)).min()
        } else {
            others.keys().find_map(|&other| Some((other, graph.field_in(other, on, field)?)))
        };
        let best = match known {
            Some(known) => Some(known),
            None => self.cheapest_below((on, field), named, children),
        };
        let Some((other, field)) = best else { return DETOUR };
        let request = others.entry(other).or_insert(Other { is_entered: true, on: None });
        if request.on.replace(on) != Some(on) && request.is_entered {
            request.is_entered = graph.entries(on, other).any(|entry| {
                entry.key.fields.iter().all(|part| {
                    self.resolves_whole_on(subgraph, on, part)
                        || self.provided(provides, on, part.field).is_some()
                })
            });
        }
        let inner = self.provides_of(other, field);
        self.estimate(other, self.type_in(other, field), children, &inner)
    }

    /// The option below which the least has to be asked of others.
    fn cheapest_below(
        &mut self,
        (on, field): (TypeId, FieldId),
        named: TypeId,
        children: Children<'g>,
    ) -> Option<(SubgraphId, FieldId)> {
        let options = self.graph.resolving(field);
        let price = |other| self.first_prices.at_some_level(other);
        let Children::Set(set) = children else {
            return options.iter().copied().min_by_key(|&(other, _)| price(other));
        };
        if let Some(&known) = self.memory.cheapest.get(&(on, field, set)) {
            return known;
        }
        let mut best: Option<(u32, (SubgraphId, FieldId))> = None;
        for &(other, field) in options {
            self.count(1);
            let inner = self.provides_of(other, field);
            let below = self.estimate(other, named, children, &inner);
            let cost = below + self.first_prices.at_some_level(other);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, (other, field)));
            }
            if cost == self.first_prices.least() {
                break;
            }
        }
        let best = best.map(|(_, option)| option);
        self.memory.cheapest.insert((on, field, set), best);
        best
    }
}
