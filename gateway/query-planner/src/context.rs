//! What arguments take from the objects around: the value is resolved there, and the field is asked for after it.
//!
//! The context of an object is set by the nearest object around it whose type sets it. Where a position has objects of several types of
//! which only some do, the positions further up count too: which one it is, each object tells when the plan is executed.

use std::collections::BTreeSet;

use octavo_index::NameId;
use octavo_supergraph::{ContextArgument, FieldId, FieldSelection, SubgraphId, TypeId};

use crate::PlanError;
use crate::decide::Stop;
use crate::planner::Planner;
use crate::state::{FetchIndex, PositionId};
use crate::want::Types;

/// What the arguments of a field take from the objects around.
#[derive(Debug, Default)]
pub(crate) struct Contexts<'g> {
    pub(crate) states: Vec<ContextState<'g>>,
    /// The fetches that have it.
    pub(crate) after: BTreeSet<FetchIndex>,
}

/// An argument of a field of a request, while the plan is made.
#[derive(Debug)]
pub(crate) struct ContextState<'g> {
    pub(crate) field: FieldId,
    /// The types of the objects whose field it is: an interface object's is asked of several.
    pub(crate) types: BTreeSet<TypeId>,
    pub(crate) argument: &'g ContextArgument,
    /// Where its value is, the nearest first.
    pub(crate) sources: Vec<ContextPlace<'g>>,
}

/// A field of the objects of one type at a position.
#[derive(Debug)]
pub(crate) struct ContextPlace<'g> {
    pub(crate) position: PositionId,
    pub(crate) ty: TypeId,
    pub(crate) selection: &'g FieldSelection,
}

impl<'g> Planner<'g> {
    /// Resolves what the arguments that a subgraph has for a field take from the objects around.
    pub(crate) fn resolve_contexts(
        &mut self,
        (position, ty): (PositionId, TypeId),
        (subgraph, field): (SubgraphId, FieldId),
    ) -> Result<Contexts<'g>, Stop> {
        let mut contexts = Contexts::default();
        let graph = self.graph;
        for argument in graph.access(subgraph, field).into_iter().flat_map(|access| access.contexts()) {
            let sources = self.context_places(position, argument);
            if sources.is_empty() {
                return Err(self.no_context(position, field, argument.name));
            }
            for place in &sources {
                contexts.after.extend(self.tell_types(place)?);
                contexts.after.extend(self.resolve_selection(place.position, place.ty, place.selection)?);
            }
            contexts.states.push(ContextState { field, types: BTreeSet::from([ty]), argument, sources });
        }
        Ok(contexts)
    }

    /// Where the objects of a place are known by their interface alone, the fetch that tells which types they have.
    fn tell_types(&mut self, place: &ContextPlace<'g>) -> Result<Option<FetchIndex>, Stop> {
        let ContextPlace { position, ty, selection } = *place;
        let own = self.positions[position].ty;
        if !self.supergraph.ty(own).kind.is_abstract() {
            return Ok(None);
        }
        if !self.knows_objects(position) {
            let Some(field) = selection.field else { return Ok(None) };
            let want = self.hidden_want(field, selection, None);
            let subgraph = self.interface_subgraph(position, &want);
            let subgraph = subgraph.ok_or_else(|| self.no_way(position, own))?;
            self.source(position, own, subgraph)?;
        }
        Ok(self.type_fetch(position, ty, &BTreeSet::new()))
    }

    /// The objects around a position that set a context.
    fn context_places(&self, position: PositionId, argument: &'g ContextArgument) -> Vec<ContextPlace<'g>> {
        let mut places = Vec::new();
        let mut at = position;
        while let Some((parent, slot)) = self.positions[at].parent {
            at = parent;
            let is_effect = self.has_effects() && self.positions[at].parent.is_none();
            let objects = self.positions[at].slots[slot].key.objects.as_ref();
            let types: Types = objects.and_then(|objects| objects.types.clone());
            if is_effect || self.add_places(at, &types, argument, &mut places) {
                break;
            }
        }
        places
    }

    /// Adds the objects of a position, of these types, that set a context; true if all of them do.
    fn add_places(
        &self,
        position: PositionId,
        types: &Types,
        argument: &'g ContextArgument,
        places: &mut Vec<ContextPlace<'g>>,
    ) -> bool {
        let own = self.positions[position].ty;
        let is_abstract = self.supergraph.ty(own).kind.is_abstract();
        let all = types.as_deref().unwrap_or(&self.supergraph.ty(own).possible);
        // A type that no source returns has no objects here.
        let met = |ty: &&TypeId| !is_abstract || self.covering(position, **ty).next().is_some();
        let mut whole = true;
        for &ty in all.iter().filter(met) {
            let sets = |setter: TypeId| self.supergraph.ty(setter).possible.contains(&ty);
            match argument.values.iter().find(|(setter, _)| sets(*setter)) {
                Some((_, selection)) => places.push(ContextPlace { position, ty, selection }),
                None => whole = false,
            }
        }
        whole
    }

    fn no_context(&self, position: PositionId, field: FieldId, argument: NameId) -> Stop {
        let field = self.supergraph.field(field);
        let (parent, name) = (self.supergraph.type_name(field.parent), self.supergraph.name(field.name));
        Stop::Unplannable(PlanError::NoContext {
            what: format!("`{}` of `{parent}.{name}`", self.supergraph.name(argument)),
            path: self.path_text(position),
        })
    }
}
