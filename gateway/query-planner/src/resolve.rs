//! The walk: each field of each position is asked of the cheapest source.
//!
//! At one position: (1) fields that cost nothing more are asked first; (2) the others follow, those with the fewest options first,
//! so that what has to be asked anyway is there when others choose; (3) then the positions below.

use std::collections::BTreeSet;

use octavo_operation::{DeferId, ItemField};
use octavo_supergraph::{FieldId, FieldSelection, FieldSet, RootKind, SubgraphId, TypeId};

use crate::PlanError;
use crate::decide::Stop;
use crate::planner::{Ask, Asked, Planner};
use crate::reach::Step;
use crate::relax::Ways;
use crate::state::{FetchIndex, OutputFrom, OutputState, Position, PositionId, SourceIndex};
use crate::want::{Children, Types, Want};

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

/// What was done for a want.
#[derive(Default)]
pub(crate) struct Done<'g> {
    pub(crate) fetches: BTreeSet<FetchIndex>,
    pub(crate) below: Vec<(PositionId, Children<'g>)>,
}

impl<'g> Planner<'g> {
    /// Plans the whole operation.
    pub(crate) fn resolve_operation(&mut self) -> Result<(), Stop> {
        let set = self.operation.root();
        let ty = self.operation.set(set).parent;
        let root = self.positions.push(Position::new(ty, None));
        if self.operation.kind() == RootKind::Query {
            self.resolve_all(root, Children::Set(set))?;
            self.tighten();
            return Ok(());
        }
        let wants = self.wants(root, Children::Set(set));
        for (number, place) in self.operation.set(set).places.iter().enumerate() {
            let when = place.when.clone();
            self.effect = number;
            self.resolve_effect(root, &Want { when, ..wants[place.item].clone() })?;
        }
        Ok(())
    }

    /// A root field of a mutation or subscription: in order, and everything below it before the next.
    fn resolve_effect(&mut self, root: PositionId, want: &Want<'g>) -> Result<(), Stop> {
        let ItemField::Field(field) = want.field else {
            self.resolve_meta(root, want);
            return Ok(());
        };
        let ty = self.positions[root].ty;
        let options = self.options(ty, field);
        let best = options.iter().copied().min_by_key(|&(subgraph, field)| {
            let (named, provides) = (self.type_in(subgraph, field), self.provides_of(subgraph, field));
            (self.estimate(subgraph, named, want.children, &provides), subgraph)
        });
        let Some((subgraph, field)) = best else { return Err(self.no_option(root, field)) };
        let last = self.fetches.iter_with_ids().last();
        let joined =
            last.filter(|(_, f)| f.entities_at.is_none() && f.subgraph == subgraph).map(|(id, _)| id);
        let source = match joined {
            Some(fetch) => {
                let sources = self.positions[root].sources.iter_with_ids();
                let known = sources.filter(|(_, s)| s.fetch == fetch).map(|(id, _)| id).next_back();
                known.expect("a root request is a source of the root")
            }
            None => self.start_root(root, subgraph, self.fetches.ids().collect()),
        };
        let provides = self.provides_of(subgraph, field);
        let ask = Ask { source, on: ty, field, types: &None, group: &None };
        let asked = self.ask(root, want, &ask, &provides);
        self.output(root, want, None, OutputFrom::Slot(asked.slot));
        if let Some(child) = asked.child {
            self.resolve_all(child, want.children)?;
        }
        Ok(())
    }

    /// Resolves all wants of a position and everything below; gives the fetches that fill them.
    pub(crate) fn resolve_all(
        &mut self,
        position: PositionId,
        children: Children<'g>,
    ) -> Result<BTreeSet<FetchIndex>, Stop> {
        let wants = self.wants(position, children);
        let order = self.order_of(position, &wants);
        let mut outputs: Vec<Vec<OutputState>> = wants.iter().map(|_| Vec::new()).collect();
        let mut all = Done::default();
        for index in order {
            self.decisions.go_on(self.steps.get())?;
            let before = self.positions[position].outputs.len();
            let done = self.resolve(position, &wants[index])?;
            outputs[index] = self.positions[position].outputs.split_off(before);
            all.fetches.extend(done.fetches);
            all.below.extend(done.below);
        }
        self.place_outputs(position, children, &outputs);
        for (child, children) in all.below {
            all.fetches.extend(self.resolve_all(child, children)?);
        }
        Ok(all.fetches)
    }

    /// Puts what the wants of a selection set came to in the order of the response.
    fn place_outputs(&mut self, position: PositionId, children: Children<'g>, outputs: &[Vec<OutputState>]) {
        let Children::Set(set) = children else { return };
        let written = &mut self.positions[position].outputs;
        for place in &self.operation.set(set).places {
            for output in &outputs[place.item] {
                written.push(OutputState { when: place.when.clone(), ..output.clone() });
            }
        }
    }

    /// What comes with the first part first. Then free wants; then those that require others, since their request is the later one and others can join it; then those
    /// with the fewest options.
    fn order_of(&mut self, position: PositionId, wants: &[Want<'g>]) -> Vec<usize> {
        let ty = self.positions[position].ty;
        if self.supergraph.ty(ty).kind.is_abstract() {
            let mut order: Vec<usize> = (0..wants.len()).collect();
            order.sort_by_key(|&index| wants[index].defer);
            return order;
        }
        let mut keyed: Vec<_> = wants
            .iter()
            .enumerate()
            .map(|(index, want)| {
                let (first, count) = self.first_choice(position, ty, want);
                let free = first.as_ref().is_some_and(|option| option.cost == 0);
                let requires = first.is_some_and(|option| matches!(option.how, How::Requires(_)));
                ((want.defer, !free, !requires, count), index)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, index)| index).collect()
    }

    fn resolve(&mut self, position: PositionId, want: &Want<'g>) -> Result<Done<'g>, Stop> {
        let ty = self.positions[position].ty;
        if self.supergraph.ty(ty).kind.is_abstract() {
            return self.resolve_abstract(position, want);
        }
        if !matches!(want.field, ItemField::Field(_)) {
            self.resolve_meta(position, want);
            return Ok(Done::default());
        }
        if want.types.as_ref().is_some_and(|types| !types.contains(&ty)) {
            return Ok(Done::default());
        }
        self.note_resolvers(ty, want);
        let asked = self.resolve_on(position, ty, want, &None)?;
        self.output(position, want, None, OutputFrom::Slot(asked.1.slot));
        Ok(done(asked, want))
    }

    /// Notes the subgraph without which a client's field cannot be had, or else those of which it can.
    fn note_resolvers(&mut self, ty: TypeId, want: &Want<'g>) {
        let ItemField::Field(wanted) = want.field else { return };
        let Some(field) = self.same_field(ty, wanted).filter(|_| want.key.is_some()) else { return };
        match *self.options(ty, field) {
            [(subgraph, _)] if !self.graph.is_provided(field) => {
                self.needed.insert(subgraph);
            }
            ref several => self.alternatives.extend(several.iter().map(|(subgraph, _)| *subgraph)),
        }
    }

    /// `__typename`, `__schema` and `__type`.
    pub(crate) fn resolve_meta(&mut self, position: PositionId, want: &Want<'g>) {
        let value = if want.field == ItemField::Introspection {
            OutputFrom::Introspection
        } else {
            OutputFrom::Typename
        };
        self.output(position, want, want.types.clone(), value);
    }

    /// Resolves a field for objects of one type; gives the fetch that fills it.
    pub(crate) fn resolve_on(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        group: &Types,
    ) -> Result<(FetchIndex, Asked), Stop> {
        let option = self.choose(position, ty, want)?;
        self.take_option(position, ty, want, (&option, group))
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
        let pick = if first.cost == 0 { 0 } else { self.decisions.pick(count) };
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
        let count = provided.len() + self.options(ty, field).len();
        let free: Vec<_> = provided.into_iter().chain(self.known_choices(position, ty, field)).collect();
        free.into_iter().find(|option| self.below(option, want) == 0).map(|option| (option, count))
    }

    /// The sources that resolve a field, in the order of [`Self::options`].
    fn known_choices(&self, position: PositionId, ty: TypeId, field: FieldId) -> Vec<Choice<'g>> {
        let open = |id: SourceIndex| {
            let subgraph = self.positions[position].sources[id].subgraph;
            let own = self.graph.field_in(subgraph, ty, field)?;
            let open = self.graph.access(subgraph, own)?.requires().is_none();
            open.then_some(Choice { subgraph, field: own, how: How::Reach, cost: 0 })
        };
        let mut known: Vec<_> = self.covering(position, ty).into_iter().filter_map(open).collect();
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

    /// Carries an option out.
    pub(crate) fn take_option(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        (option, group): (&Choice<'g>, &Types),
    ) -> Result<(FetchIndex, Asked), Stop> {
        let weighed = self.weighed((position, ty), want, option);
        let around = self.part;
        self.part = want.defer.or(around);
        let source = self.source_for(position, ty, want.defer, option);
        self.part = around;
        let (source, provides) = source?;
        let types = self.types_of(position, ty);
        let on = self.asked_on(position, source, ty);
        let field = self.same_field(on, option.field).unwrap_or(option.field);
        let asked = self.ask(position, want, &Ask { source, on, field, types: &types, group }, &provides);
        let fetch = self.positions[position].sources[source].fetch;
        if let (Some(weighed), Some(considered)) = (weighed, self.considered.as_mut()) {
            considered.push((fetch, weighed));
        }
        Ok((fetch, asked))
    }

    /// The source that an option asks, and what is provided there.
    fn source_for(
        &mut self,
        position: PositionId,
        ty: TypeId,
        part: Option<DeferId>,
        option: &Choice<'g>,
    ) -> Result<(SourceIndex, Vec<&'g FieldSelection>), Stop> {
        Ok(match option.how {
            How::Provided(source, provided) => (source, provided.selections.iter().collect()),
            How::Reach => {
                let source = match self.apart(position, ty, option.subgraph, part)? {
                    Some(source) => source,
                    None => self.source(position, ty, option.subgraph)?,
                };
                (source, self.provides_of(option.subgraph, option.field))
            }
            How::Requires(requires) => {
                let way = self.ways(position, ty).entry(option.subgraph);
                let Some(Step::Entry(entry)) = way.map(|way| way.step) else {
                    return Err(self.no_way(position, ty));
                };
                let requires: Vec<_> = requires.iter().collect();
                let source = self.enter(position, ty, option.subgraph, &entry, &requires)?;
                (source, self.provides_of(option.subgraph, option.field))
            }
        })
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
        let resolving = self.options(ty, field);
        self.count(1 + resolving.len());
        for &(subgraph, field) in resolving.iter() {
            let Some(access) = self.graph.access(subgraph, field) else { continue };
            let how = access.requires().map_or(How::Reach, How::Requires);
            let Some(cost) = self.cost_of((position, ty), (subgraph, &how), ways) else { continue };
            options.push(Choice { subgraph, field, how, cost });
        }
        options
    }

    fn provided_options(&self, position: PositionId, ty: TypeId, field: FieldId) -> Vec<Choice<'g>> {
        let sources = self.covering(position, ty).into_iter();
        sources
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
        let options = self.options(ty, field);
        self.count(options.len());
        let others = options.iter().filter(|(subgraph, _)| *subgraph != entered);
        let least = others.filter_map(|(subgraph, _)| ways.cost(*subgraph)).min();
        let provided = || self.provided_options(position, ty, field).first().map(|_| 0);
        // The subgraph that is entered may have it itself, by another way.
        least
            .or_else(provided)
            .or_else(|| options.iter().any(|(subgraph, _)| *subgraph == entered).then_some(0))
    }

    /// Resolves one field of a field set for objects of one type; gives the fetches that fill it.
    pub(crate) fn resolve_selection(
        &mut self,
        position: PositionId,
        ty: TypeId,
        selection: &'g FieldSelection,
    ) -> Result<BTreeSet<FetchIndex>, Stop> {
        let Some(wanted) = selection.field else { return Ok(BTreeSet::new()) };
        let on_interface = self.supergraph.ty(self.positions[position].ty).kind.is_abstract();
        let Some(field) = self.same_field(ty, wanted) else { return Ok(BTreeSet::new()) };
        let types = on_interface.then(|| Box::from([ty]));
        let want = self.hidden_want(field, selection, types);
        let group = self.types_of(position, ty);
        let (fetch, asked) = self.resolve_on(position, ty, &want, &group)?;
        let mut fetches = BTreeSet::from([fetch]);
        if let Some(child) = asked.child {
            fetches.extend(self.resolve_all(child, want.children)?);
        }
        Ok(fetches)
    }

    /// Writes what a client asked; nothing for what only a representation needs.
    pub(crate) fn output(&mut self, position: PositionId, want: &Want<'g>, types: Types, value: OutputFrom) {
        let Some(key) = want.key else { return };
        let Want { when, defer, stream, .. } = want;
        let (when, defer, stream) = (when.clone(), *defer, *stream);
        self.positions[position].outputs.push(OutputState { key, types, when, defer, stream, value });
    }

    pub(crate) fn no_option(&self, position: PositionId, field: FieldId) -> Stop {
        let field = self.supergraph.field(field);
        let (parent, name) = (self.supergraph.type_name(field.parent), self.supergraph.name(field.name));
        let (what, path) = (format!("`{parent}.{name}`"), self.path_text(position));
        Stop::Unplannable(PlanError::Unreachable { what, path })
    }
}

/// One asked field as what was done for a want.
pub(crate) fn done<'g>((fetch, asked): (FetchIndex, Asked), want: &Want<'g>) -> Done<'g> {
    let below = asked.child.map(|child| (child, want.children));
    Done { fetches: BTreeSet::from([fetch]), below: below.into_iter().collect() }
}
