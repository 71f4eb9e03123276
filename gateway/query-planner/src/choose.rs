//! Which way a field is resolved: what is free first, then what costs least.

use octavo_operation::ItemField;
use octavo_supergraph::{FieldId, FieldSelection, FieldSet, SubgraphId, TypeId};

use crate::decide::Stop;
use crate::planner::Planner;
use crate::prices::REQUEST;
use crate::relax::Ways;
use crate::state::{PositionId, Source, SourceIndex};
use crate::want::{Children, Want};

/// A way to resolve one field.
#[derive(Clone, Debug)]
pub(crate) struct Choice<'g> {
    pub(crate) subgraph: SubgraphId,
    pub(crate) field: FieldId,
    pub(crate) how: How<'g>,
    pub(crate) cost: u32,
}

/// How a source is had.
#[derive(Clone, Debug)]
pub(crate) enum How<'g> {
    /// A source provides the field on this path.
    Provided(SourceIndex, &'g FieldSelection),
    /// By the cheapest way to the subgraph.
    Reach,
    /// By an entity request that sends what the field requires.
    Requires(&'g FieldSet),
}

/// What is required where objects are to be looked up, whether a source is there or not.
static NOTHING: FieldSet = FieldSet::new();

/// A want in the order in which they are resolved, with its option if that cannot change.
pub(crate) struct Ordered<'g> {
    pub(crate) index: usize,
    pub(crate) known: Option<Choice<'g>>,
}

impl<'g> Planner<'g> {
    /// What comes with the first part first. Then free wants; then those that require others, since their request is the later one and others can join it; then those
    /// with the fewest options.
    pub(crate) fn order_of(&mut self, position: PositionId, wants: &[Want<'g>]) -> Vec<Ordered<'g>> {
        let ty = self.positions[position].ty;
        if self.supergraph.ty(ty).kind.is_abstract() {
            let mut order: Vec<_> = (0..wants.len()).map(|index| Ordered { index, known: None }).collect();
            order.sort_by_key(|ordered| wants[ordered.index].defer);
            return order;
        }
        let mut keyed: Vec<_> = wants
            .iter()
            .enumerate()
            .map(|(index, want)| {
                let (known, requires, count) = self.foreseen(position, ty, want);
                let free = known.as_ref().is_some_and(|option| option.cost == 0);
                ((want.defer, !free, !requires, count, index), known)
            })
            .collect();
        keyed.sort_unstable_by_key(|(key, _)| *key);
        keyed.into_iter().map(|((.., index), known)| Ordered { index, known }).collect()
    }

    /// The option for a want if it cannot change, whether its request requires others first, and how many options there are.
    fn foreseen(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
    ) -> (Option<Choice<'g>>, bool, usize) {
        let requires = |option: &Choice<'g>| matches!(option.how, How::Requires(_));
        if let Some(only) = self.only_choice(position, ty, want) {
            let requires = requires(&only);
            return (Some(only), requires, 1);
        }
        let (first, count) = self.first_choice(position, ty, want);
        let requires = first.as_ref().is_some_and(requires);
        // What is free stays so, since sources are never taken away.
        (first.filter(|option| option.cost == 0), requires, count)
    }

    /// Picks an option for a field on objects of one type.
    pub(crate) fn choose(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
    ) -> Result<Choice<'g>, Stop> {
        let (first, count) = self.first_choice(position, ty, want);
        let Some(first) = first else {
            let ItemField::Field(field) = want.field else { return Err(self.no_way(position, ty)) };
            return Err(self.no_option(position, field));
        };
        let pick = if first.cost == 0 { 0 } else { self.decisions.pick(count, first.subgraph) };
        if pick == 0 {
            return Ok(first);
        }
        let ways = self.ways(position, ty);
        let mut options = self.field_options(position, ty, want, &ways);
        Ok(options.swap_remove(pick))
    }

    /// The cheapest option for a field, and how many there are. What is free is found without looking at the others.
    fn first_choice(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
    ) -> (Option<Choice<'g>>, usize) {
        if let Some(only) = self.only_choice(position, ty, want) {
            return (Some(only), 1);
        }
        if let Some((free, count)) = self.free_choice(position, ty, want) {
            return (Some(free), count);
        }
        let ways = self.ways(position, ty);
        let mut options = self.way_options(position, ty, want, &ways);
        let count = options.len();
        let mut best: Option<Choice<'g>> = None;
        // What is below an option costs nothing or more: one whose way alone costs as much as the best is not looked at.
        options.sort_by_key(|option| option.cost);
        for mut option in options {
            let least = best.as_ref().map_or(u32::MAX, |best| best.cost);
            if option.cost >= least {
                break;
            }
            option.cost += self.below(&option, want);
            if option.cost < least {
                best = Some(option);
            }
        }
        (best, count)
    }

    /// The option without which a field cannot be had. It is taken whatever it costs, so that it is enough to know whether it is free.
    fn only_choice(&mut self, position: PositionId, ty: TypeId, want: &Want<'g>) -> Option<Choice<'g>> {
        let ItemField::Field(wanted) = want.field else { return None };
        let field = self.same_field(ty, wanted)?;
        let &[(subgraph, field)] = self.graph.resolving(field) else { return None };
        if self.graph.is_provided(field) {
            return None;
        }
        let how = self.how((position, ty), want, (subgraph, field))?;
        let mut only = Choice { subgraph, field, how, cost: REQUEST };
        let place = &self.positions[position];
        let here = |id: &SourceIndex| {
            let source = &place.sources[*id];
            source.subgraph == subgraph && self.covers(position, *id, ty) && self.has_field(source, field)
        };
        self.count(1);
        if matches!(only.how, How::Reach)
            && place.sources.ids().any(|id| here(&id))
            && self.below(&only, want) == 0
        {
            only.cost = 0;
        }
        Some(only)
    }

    /// An option that costs nothing, now or below: a source that exists.
    fn free_choice(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
    ) -> Option<(Choice<'g>, usize)> {
        let ItemField::Field(wanted) = want.field else { return None };
        let field = self.same_field(ty, wanted)?;
        let provided = self.provided_options(position, ty, field);
        let count = provided.len() + self.graph.resolving(field).len();
        let is_free = |option: &Choice<'g>, planner: &mut Self| planner.below(option, want) == 0;
        let free = provided.into_iter().find(|option| is_free(option, self));
        let free = free.or_else(|| {
            self.known_choices((position, ty), want, field).into_iter().find(|option| is_free(option, self))
        });
        free.map(|option| (option, count))
    }

    /// The sources that resolve a field, in the order of [`resolving`](octavo_query_graph::QueryGraph::resolving).
    fn known_choices(
        &self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        field: FieldId,
    ) -> Vec<Choice<'g>> {
        let resolving = self.graph.resolving(field);
        let open = |id: SourceIndex| {
            let source = &self.positions[position].sources[id];
            let subgraph = source.subgraph;
            let &(_, own) = resolving.iter().find(|(known, _)| *known == subgraph)?;
            let how = self.how((position, ty), want, (subgraph, own))?;
            let open = matches!(how, How::Reach) && self.has_field(source, own);
            open.then_some(Choice { subgraph, field: own, how, cost: 0 })
        };
        let mut known: Vec<_> = self.covering(position, ty).filter_map(open).collect();
        known.sort_by_key(|choice| (choice.field != field, choice.subgraph));
        known
    }

    /// What an option will cost further down.
    fn below(&mut self, option: &Choice<'g>, want: &Want<'g>) -> u32 {
        if matches!(want.children, Children::None) {
            return 0;
        }
        let named = self.type_in(option.subgraph, option.field);
        let provides = match option.how {
            How::Provided(_, provided) => provided.selections.iter().collect(),
            _ => self.provides_of(option.subgraph, option.field),
        };
        self.estimate(option.subgraph, named, want.children, &provides)
    }

    /// The ways to resolve a field on objects of one type, the cheapest first.
    pub(crate) fn field_options(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        ways: &Ways<'g>,
    ) -> Vec<Choice<'g>> {
        let mut options = self.way_options(position, ty, want, ways);
        options.sort_by_key(|option| option.cost);
        for option in &mut options {
            option.cost += self.below(option, want);
        }
        options.sort_by_key(|option| option.cost);
        options
    }

    /// The ways to resolve a field, each with what it costs to get there.
    fn way_options(
        &self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        ways: &Ways<'g>,
    ) -> Vec<Choice<'g>> {
        let ItemField::Field(wanted) = want.field else { return Vec::new() };
        let Some(field) = self.same_field(ty, wanted) else { return Vec::new() };
        let mut options = self.provided_options(position, ty, field);
        let resolving = self.graph.resolving(field);
        self.count(1 + resolving.len());
        for &(subgraph, field) in resolving {
            let Some(how) = self.how((position, ty), want, (subgraph, field)) else { continue };
            let Some(cost) = self.cost_of((position, ty), (subgraph, &how), ways) else { continue };
            options.push(Choice { subgraph, field, how, cost });
        }
        options
    }

    /// How a subgraph is asked for a field of objects of `ty`; `None` if it does not resolve it. What takes arguments from the objects
    /// around is asked of objects that are looked up, since the values must be known.
    fn how(
        &self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        (subgraph, field): (SubgraphId, FieldId),
    ) -> Option<How<'g>> {
        let access = self.graph.access(subgraph, field)?;
        let looked_up =
            || !access.contexts().is_empty() || self.is_asked_alone((position, ty), want, (subgraph, field));
        let requires = access.requires().or_else(|| looked_up().then_some(&NOTHING));
        Some(requires.map_or(How::Reach, How::Requires))
    }

    /// Whether only objects of the types that want a field are sent for it: an interface object's field is asked of all objects that stand
    /// there, and where it may not be null, one that fails takes its object with it, though of that one it may not be wanted.
    pub(crate) fn is_asked_alone(
        &self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        (subgraph, field): (SubgraphId, FieldId),
    ) -> bool {
        let definition = self.supergraph.field(field);
        let all = &self.supergraph.ty(self.positions[position].ty).possible;
        want.types.as_ref().is_some_and(|types| types.len() < all.len())
            && self.positions[position].ty != ty
            && self.graph.is_interface_object(subgraph, definition.parent)
            && self.graph.access(subgraph, field).and_then(|a| a.ty()).unwrap_or(&definition.ty).non_null()
    }

    /// Whether a source knows its objects as the type whose field it is: where that is an interface object, as that one.
    pub(crate) fn has_field(&self, source: &Source<'g>, field: FieldId) -> bool {
        let parent = self.supergraph.field(field).parent;
        source.ty == parent || !self.graph.is_interface_object(source.subgraph, parent)
    }

    fn provided_options(&self, position: PositionId, ty: TypeId, field: FieldId) -> Vec<Choice<'g>> {
        self.covering(position, ty)
            .filter_map(|id| {
                let source = &self.positions[position].sources[id];
                let provided = self.provided(&source.provides, ty, Some(field))?;
                let how = How::Provided(id, provided);
                Some(Choice { subgraph: source.subgraph, field, how, cost: 0 })
            })
            .collect()
    }

    fn cost_of(
        &self,
        (position, ty): (PositionId, TypeId),
        (subgraph, how): (SubgraphId, &How<'g>),
        ways: &Ways<'g>,
    ) -> Option<u32> {
        let How::Requires(requires) = how else { return ways.cost(subgraph) };
        let mut cost = ways.entry(subgraph)?.cost();
        for selection in *requires {
            cost += self.requires_cost((position, ty), selection, subgraph, ways)?;
        }
        Some(cost)
    }

    /// What a required field costs; `None` when it cannot be had.
    fn requires_cost(
        &self,
        (position, ty): (PositionId, TypeId),
        selection: &FieldSelection,
        entered: SubgraphId,
        ways: &Ways<'g>,
    ) -> Option<u32> {
        let Some(field) = selection.field.and_then(|field| self.same_field(ty, field)) else {
            return Some(0);
        };
        let options = self.graph.resolving(field);
        self.count(options.len());
        let others = options.iter().filter(|(subgraph, _)| *subgraph != entered);
        let least = others.filter_map(|(subgraph, _)| ways.cost(*subgraph)).min();
        let provided = || self.provided_options(position, ty, field).first().map(|_| 0);
        // The subgraph that is entered may have it itself, by another way.
        least
            .or_else(provided)
            .or_else(|| options.iter().any(|(subgraph, _)| *subgraph == entered).then_some(0))
    }
}
