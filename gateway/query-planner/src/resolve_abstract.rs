//! Fields of interfaces and unions.
//!
//! Where a source resolves a field alike for all objects that it can return, it is asked once, on the abstract type. Otherwise it is
//! asked for each object type by itself, and types that are resolved by the same request share a slot. Where only interface objects
//! are known, a subgraph that has the interface itself is entered first.

use std::collections::BTreeMap;

use octavo_operation::ItemField;
use octavo_supergraph::{FieldId, FieldSelection, SubgraphId, TypeId, TypeKind};

use crate::decide::Stop;
use crate::planner::{Ask, Planner};
use crate::resolve::{Done, Taken, done};
use crate::state::{FetchIndex, OutputFrom, PositionId, SourceIndex, includes};
use crate::want::{Types, Want};

impl<'g> Planner<'g> {
    pub(crate) fn resolve_abstract(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
    ) -> Result<Done<'g>, Stop> {
        if !self.knows_objects(position) {
            return self.resolve_interface_object(position, want);
        }
        let ItemField::Field(field) = want.field else {
            self.resolve_meta(position, want);
            return Ok(Done::default());
        };
        if let Some(source) = self.uniform_source(position, want, field) {
            return Ok(self.ask_uniform(position, source, want, field));
        }
        self.resolve_each(position, want, field)
    }

    /// Whether a source tells the type of the objects.
    pub(crate) fn knows_objects(&self, position: PositionId) -> bool {
        self.positions[position].sources.iter().any(|s| !self.graph.is_interface_object(s.subgraph, s.ty))
    }

    /// The source that resolves a field alike for all its objects, the cheapest below.
    fn uniform_source(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
        field: FieldId,
    ) -> Option<SourceIndex> {
        let sources = self.positions[position].sources.iter_with_ids();
        let known: Vec<_> = sources
            .filter(|(_, s)| s.types.is_none() && !self.graph.is_interface_object(s.subgraph, s.ty))
            .filter(|(_, s)| self.is_uniform((s.subgraph, s.ty), &want.types, field, &s.provides))
            .map(|(id, s)| (id, s.subgraph))
            .collect();
        known
            .into_iter()
            .min_by_key(|&(id, subgraph)| {
                let named = self.type_in(subgraph, field);
                let provides = self.provided_below(position, id, field);
                (self.estimate(subgraph, named, want.children, &provides), id)
            })
            .map(|(id, _)| id)
    }

    /// What is provided below a field of an abstract type: by the field itself, or by one above it.
    fn provided_below(
        &self,
        position: PositionId,
        source: SourceIndex,
        field: FieldId,
    ) -> Vec<&'g FieldSelection> {
        let source = &self.positions[position].sources[source];
        let mut provides = self.provides_of(source.subgraph, field);
        let above = self.provided(&source.provides, source.ty, Some(field));
        provides.extend(above.into_iter().flat_map(|selection| &selection.selections));
        provides
    }

    /// Whether a subgraph resolves an interface's field for all objects in `types` that it can return where it has `ty`.
    pub(crate) fn is_uniform(
        &self,
        (subgraph, ty): (SubgraphId, TypeId),
        types: &Types,
        field: FieldId,
        provides: &[&'g FieldSelection],
    ) -> bool {
        let declared = self.supergraph.field(field).parent;
        if self.supergraph.ty(declared).kind != TypeKind::Interface
            || self.graph.is_interface_object(subgraph, declared)
        {
            return false;
        }
        let access = |field| self.graph.access(subgraph, field);
        let open = |field| access(field).is_some_and(|a| a.is_plain());
        if !open(field) {
            return false;
        }
        let named = &self.supergraph.ty(declared).possible;
        let known = self.graph.runtime_types(subgraph, declared);
        let here = self.graph.runtime_types(subgraph, ty);
        if here.is_empty() {
            return declared == ty;
        }
        let mut asked = here.iter().filter(|t| named.contains(t)).peekable();
        let alike = |t: TypeId| {
            let own = self.same_field(t, field);
            own.is_some_and(open) || self.provided(provides, t, own).is_some()
        };
        asked.peek().is_some() && asked.all(|&t| known.contains(&t) && includes(types, t) && alike(t))
    }

    fn ask_uniform(
        &mut self,
        position: PositionId,
        source: SourceIndex,
        want: &Want<'g>,
        field: FieldId,
    ) -> Done<'g> {
        let provides = self.provided_below(position, source, field);
        let on = self.supergraph.field(field).parent;
        let ask = Ask { source, on, field, types: &want.types, group: &want.types };
        let asked = self.ask(position, want, &ask, &provides);
        self.output(position, want, want.types.clone(), OutputFrom::Slot(asked.slot));
        done((self.positions[position].sources[source].fetch, asked), want)
    }

    fn resolve_each(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
        field: FieldId,
    ) -> Result<Done<'g>, Stop> {
        let declared = self.supergraph.field(field).parent;
        // No object is known to any source: a field of the interface cannot be had, one of an object type is never wanted.
        if !self.returns_objects(position) && self.supergraph.ty(declared).kind.is_abstract() {
            return Err(self.no_option(position, field));
        }
        let wanted = self.returned_types(position, declared, &want.types).into_iter();
        let common = self.common_members(position);
        let (types, others): (Vec<_>, Vec<_>) = wanted.partition(|t| includes(&common, *t));
        self.leave_null(position, want, others);
        let chosen = types.into_iter().map(|ty| Ok((ty, self.choose(position, ty, want)?)));
        let chosen: Vec<_> = chosen.collect::<Result<_, Stop>>()?;
        self.unasked += usize::from(chosen.is_empty());
        // What is below is asked in one place: types that different requests resolve do not share a slot.
        let mut groups: BTreeMap<FetchIndex, Vec<(TypeId, Taken<'g>)>> = BTreeMap::new();
        for (ty, option) in chosen {
            let taken = self.take_source((position, ty), want, &option)?;
            groups.entry(taken.fetch).or_default().push((ty, taken));
        }
        let mut all = Done::default();
        for sharing in groups.into_values() {
            let group: Types = Some(sharing.iter().map(|(ty, _)| *ty).collect());
            let mut below = None;
            for (ty, taken) in &sharing {
                let asked = self.ask_taken((position, *ty), want, taken, &group);
                if below.is_none() {
                    self.output(position, want, group.clone(), OutputFrom::Slot(asked.1.slot));
                }
                let one = done(asked, want);
                all.fetches.extend(one.fetches);
                below = below.or(Some(one.below));
            }
            all.below.extend(below.into_iter().flatten());
        }
        Ok(all)
    }

    /// The members that a union has in every subgraph that could be asked for it here. Which one is asked is the plan's choice, so
    /// a member that only some know is never asked for: the answer would depend on the choice.
    fn common_members(&self, position: PositionId) -> Types {
        let place = &self.positions[position];
        let (parent, slot) = place.parent.filter(|(parent, _)| self.positions[*parent].parent.is_some())?;
        if self.supergraph.ty(place.ty).kind != TypeKind::Union {
            return None;
        }
        let (ty, field) = self.one_type(parent, slot)?;
        let mut common = self.supergraph.ty(place.ty).possible.clone();
        let ways = self.ways(parent, ty);
        let resolving = self.graph.accesses(field).filter(|access| ways.to(access.subgraph).is_some());
        for subgraph in resolving.map(|access| access.subgraph) {
            let members = self.graph.runtime_types(subgraph, self.type_in(subgraph, field));
            common.retain(|member| members.binary_search(member).is_ok());
            self.count(members.len());
        }
        Some(common.into())
    }

    /// Shows a field as null for types for which nobody is asked.
    fn leave_null(&mut self, position: PositionId, want: &Want<'g>, types: Vec<TypeId>) {
        let ItemField::Field(field) = want.field else { return };
        let Some(own) = types.first().and_then(|&ty| self.same_field(ty, field)) else { return };
        let group: Types = Some(types.into());
        let slot = self.slot(position, want, own, &group);
        self.unasked += 1;
        self.output(position, want, group, OutputFrom::Slot(slot));
    }

    /// Whether a source of a position can return objects of known types.
    fn returns_objects(&self, position: PositionId) -> bool {
        let mut sources = self.positions[position].sources.iter();
        sources.any(|source| {
            let mut known = self.graph.runtime_types(source.subgraph, source.ty).iter();
            known.any(|ty| includes(&source.types, *ty))
        })
    }

    /// The object types of `declared`, among `types`, that the sources of a position can return.
    fn returned_types(&self, position: PositionId, declared: TypeId, types: &Types) -> Vec<TypeId> {
        let possible = self.supergraph.ty(declared).possible.as_slice();
        let mut returned: Vec<TypeId> = match types {
            Some(types) => types.iter().copied().filter(|ty| possible.contains(ty)).collect(),
            None => possible.to_vec(),
        };
        returned.retain(|&ty| {
            self.covering(position, ty).any(|id| {
                let source = &self.positions[position].sources[id];
                self.graph.runtime_types(source.subgraph, source.ty).binary_search(&ty).is_ok()
            })
        });
        returned.sort_unstable();
        returned
    }

    fn resolve_interface_object(&mut self, position: PositionId, want: &Want<'g>) -> Result<Done<'g>, Stop> {
        let interface = self.positions[position].ty;
        if let ItemField::Field(field) = want.field
            && want.types.is_none()
        {
            let ways = self.ways(position, interface);
            let options = self.field_options(position, interface, want, &ways);
            let direct = options.into_iter().find(|option| {
                let here = self.graph.is_interface_object(option.subgraph, interface);
                here || self.is_uniform((option.subgraph, interface), &None, field, &[])
            });
            if let Some(option) = direct {
                let asked = self.take_option(position, interface, want, (&option, &None))?;
                self.output(position, want, None, OutputFrom::Slot(asked.1.slot));
                return Ok(done(asked, want));
            }
        }
        let subgraph = self.interface_subgraph(position, want);
        let subgraph = subgraph.ok_or_else(|| self.no_way(position, interface))?;
        self.source(position, interface, subgraph)?;
        self.resolve_abstract(position, want)
    }

    /// The subgraph to enter to learn the type of the objects: one that resolves the want, if there is one.
    pub(crate) fn interface_subgraph(&self, position: PositionId, want: &Want<'g>) -> Option<SubgraphId> {
        let interface = self.positions[position].ty;
        let ways = self.ways(position, interface);
        let joins = self.supergraph.ty(interface).joins.iter().map(|join| join.subgraph);
        let real = joins.filter(|&s| !self.graph.is_interface_object(s, interface));
        let reachable = real.filter_map(|s| ways.to(s).map(|way| (s, way.cost())));
        let unresolved = |subgraph: SubgraphId| {
            let ItemField::Field(field) = want.field else { return 0 };
            let types = self.graph.runtime_types(subgraph, interface).iter();
            let asked = types.filter(|t| includes(&want.types, **t));
            asked
                .filter(|&&t| {
                    let own = self.same_field(t, field);
                    own.is_some_and(|field| self.graph.access(subgraph, field).is_none())
                })
                .count()
        };
        reachable.min_by_key(|&(s, cost)| (unresolved(s), cost)).map(|(s, _)| s)
    }
}
