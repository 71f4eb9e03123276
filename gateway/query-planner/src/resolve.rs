//! The walk: each field of each position is asked of the cheapest source.
//!
//! At one position: (1) fields that cost nothing more are asked first; (2) the others follow, those with the fewest options first,
//! so that what has to be asked anyway is there when others choose; (3) then the positions below.

use std::collections::BTreeSet;
use std::ops::Range;

use octavo_operation::ItemField;
use octavo_supergraph::{FieldId, FieldSelection, RootKind, SubgraphId, TypeId};

use crate::PlanError;
use crate::choose::{Choice, How, Ordered};
use crate::decide::Stop;
use crate::enter::Sent;
use crate::order::sorts;
use crate::planner::{Ask, Asked, Planner};
use crate::reach::{EntryStep, Step};
use crate::state::{FetchIndex, OutputFrom, OutputState, Position, PositionId, SourceIndex};
use crate::want::{Children, Types, Want};

/// What was done for a want.
#[derive(Default)]
pub(crate) struct Done<'g> {
    pub(crate) fetches: BTreeSet<FetchIndex>,
    pub(crate) below: Vec<(PositionId, Children<'g>)>,
}

/// An option whose source is part of the plan.
pub(crate) struct Taken<'g> {
    pub(crate) fetch: FetchIndex,
    source: SourceIndex,
    field: FieldId,
    provides: Vec<&'g FieldSelection>,
}

impl<'g> Planner<'g> {
    /// Plans the whole operation.
    pub(crate) fn resolve_operation(&mut self) -> Result<(), Stop> {
        self.walk()?;
        self.sorts = sorts(self);
        self.tighten();
        self.gather();
        Ok(())
    }

    fn walk(&mut self) -> Result<(), Stop> {
        let set = self.operation.root();
        let ty = self.operation.set(set).parent;
        let root = self.positions.push(Position::new(ty, None));
        if self.operation.kind() == RootKind::Query {
            self.resolve_all(root, Children::Set(set))?;
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
        let options = self.graph.resolving(field);
        let best = options.iter().copied().min_by_key(|&(subgraph, field)| {
            let (named, provides) = (self.type_in(subgraph, field), self.provides_of(subgraph, field));
            (self.estimate(subgraph, named, want.children, &provides), subgraph)
        });
        let Some((subgraph, field)) = best else { return Err(self.no_option(root, field)) };
        let last = self.fetches.iter_with_ids().last();
        let joined = last.filter(|(_, f)| self.asks_operation_root(f) && f.subgraph == subgraph);
        let joined = joined.map(|(id, _)| id);
        let source = match joined {
            Some(fetch) => {
                let sources = self.positions[root].sources.iter_with_ids();
                let known = sources.filter(|(_, s)| s.fetch == fetch).map(|(id, _)| id).next_back();
                known.expect("a root request is a source of the root")
            }
            None => self.start_root((root, ty), subgraph, self.fetches.ids().collect()),
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
        let known = self.positions[position].outputs.len();
        let mut outputs: Vec<Range<usize>> = vec![0..0; wants.len()];
        let mut all = Done::default();
        for Ordered { index, known: choice } in order {
            self.decisions.go_on(self.steps.get())?;
            let before = self.positions[position].outputs.len() - known;
            let done = self.resolve(position, &wants[index], choice)?;
            outputs[index] = before..self.positions[position].outputs.len() - known;
            all.fetches.extend(done.fetches);
            all.below.extend(done.below);
        }
        let resolved = self.positions[position].outputs.split_off(known);
        self.place_outputs(position, children, |item| &resolved[outputs[item].clone()]);
        for (child, children) in all.below {
            all.fetches.extend(self.resolve_all(child, children)?);
        }
        Ok(all.fetches)
    }

    /// Puts what the wants of a selection set came to in the order of the response.
    fn place_outputs<'o>(
        &mut self,
        position: PositionId,
        children: Children<'g>,
        outputs: impl Fn(usize) -> &'o [OutputState],
    ) {
        let Children::Set(set) = children else { return };
        let written = &mut self.positions[position].outputs;
        for place in &self.operation.set(set).places {
            for output in outputs(place.item) {
                written.push(OutputState { when: place.when.clone(), ..output.clone() });
            }
        }
    }

    fn resolve(
        &mut self,
        position: PositionId,
        want: &Want<'g>,
        known: Option<Choice<'g>>,
    ) -> Result<Done<'g>, Stop> {
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
        let option = match known {
            Some(known) => known,
            None => self.choose(position, ty, want)?,
        };
        let asked = self.take_option(position, ty, want, (&option, &None))?;
        self.output(position, want, None, OutputFrom::Slot(asked.1.slot));
        Ok(done(asked, want))
    }

    /// Notes the subgraph without which a client's field cannot be had, or else those of which it can.
    fn note_resolvers(&mut self, ty: TypeId, want: &Want<'g>) {
        let ItemField::Field(wanted) = want.field else { return };
        let Some(field) = self.same_field(ty, wanted).filter(|_| want.key.is_some()) else { return };
        match *self.graph.resolving(field) {
            [(subgraph, _)] if !self.graph.is_provided(field) => {
                self.needed.insert(subgraph);
            }
            ref several => self.alternatives.extend(several.iter().map(|(subgraph, _)| *subgraph)),
        }
    }

    /// What no subgraph is asked for: `__typename`, `__schema` and `__type`, and fields that the caller may not see.
    pub(crate) fn resolve_meta(&mut self, position: PositionId, want: &Want<'g>) {
        let value = match want.field {
            ItemField::Introspection => OutputFrom::Introspection,
            ItemField::Refused(field) => return self.resolve_refused(position, want, field),
            ItemField::Typename | ItemField::Field(_) => OutputFrom::Typename,
        };
        self.output(position, want, want.types.clone(), value);
    }

    /// Null, as the field's type on each object allows it.
    fn resolve_refused(&mut self, position: PositionId, want: &Want<'g>, field: FieldId) {
        let all = &self.supergraph.ty(self.positions[position].ty).possible;
        let types: Vec<TypeId> = want.types.as_deref().unwrap_or(all).to_vec();
        let non_null = |ty: &TypeId| {
            let own = self.same_field(*ty, field).unwrap_or(field);
            self.supergraph.field(own).ty.non_null()
        };
        let (strict, open): (Vec<TypeId>, Vec<TypeId>) = types.iter().partition(|ty| non_null(ty));
        if strict.is_empty() || open.is_empty() {
            let value = OutputFrom::Refused { non_null: open.is_empty() };
            return self.output(position, want, want.types.clone(), value);
        }
        self.output(position, want, Some(strict.into()), OutputFrom::Refused { non_null: true });
        self.output(position, want, Some(open.into()), OutputFrom::Refused { non_null: false });
    }

    /// Carries an option out.
    pub(crate) fn take_option(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        (option, group): (&Choice<'g>, &Types),
    ) -> Result<(FetchIndex, Asked), Stop> {
        let taken = self.take_source((position, ty), want, option)?;
        Ok(self.ask_taken((position, ty), want, &taken, group))
    }

    /// Makes the source of an option part of the plan, if it is not yet.
    pub(crate) fn take_source(
        &mut self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        option: &Choice<'g>,
    ) -> Result<Taken<'g>, Stop> {
        let weighed = self.weighed((position, ty), want, option);
        let around = self.part;
        self.part = want.defer.or(around);
        let source = self.source_for((position, ty), want, option);
        self.part = around;
        let (source, provides) = source?;
        let fetch = self.positions[position].sources[source].fetch;
        if let (Some(weighed), Some(considered)) = (weighed, self.considered.as_mut()) {
            considered.push((fetch, weighed));
        }
        Ok(Taken { fetch, source, field: option.field, provides })
    }

    /// Asks for the field of an option whose source is there; `group`: the types that share its slot.
    pub(crate) fn ask_taken(
        &mut self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        taken: &Taken<'g>,
        group: &Types,
    ) -> (FetchIndex, Asked) {
        let Taken { fetch, source, field, ref provides } = *taken;
        let types = self.types_of(position, ty);
        let on = self.asked_on(position, source, ty);
        let field = self.same_field(on, field).unwrap_or(field);
        (fetch, self.ask(position, want, &Ask { source, on, field, types: &types, group }, provides))
    }

    /// The source that an option asks, and what is provided there.
    fn source_for(
        &mut self,
        (position, ty): (PositionId, TypeId),
        want: &Want<'g>,
        option: &Choice<'g>,
    ) -> Result<(SourceIndex, Vec<&'g FieldSelection>), Stop> {
        Ok(match option.how {
            How::Provided(source, provided) => (source, provided.selections.iter().collect()),
            How::Reach => {
                let source = match self.apart((position, ty), want.defer, (option.subgraph, option.field))? {
                    Some(source) => source,
                    None => self.source_of(position, ty, (option.subgraph, option.field))?,
                };
                (source, self.provides_of(option.subgraph, option.field))
            }
            How::Requires(requires) => {
                let asked = (option.subgraph, option.field);
                let entry = self.entry_for(position, ty, asked).ok_or_else(|| self.no_way(position, ty))?;
                let requires: Vec<_> = requires.iter().collect();
                let alone = self.is_asked_alone((position, ty), want, asked);
                let alone = if alone { want.types.clone() } else { None };
                let contexts = self.resolve_contexts((position, ty), asked)?;
                let needs_value = contexts.states.iter().any(|state| state.argument.required);
                let alone = if needs_value { alone.or_else(|| self.types_of(position, ty)) } else { alone };
                let sent = Sent { requires: &requires, alone, contexts };
                let source = self.enter((position, ty), option.subgraph, &entry, sent)?;
                (source, self.provides_of(option.subgraph, option.field))
            }
        })
    }

    /// A source of a subgraph that has a field of objects of `ty`: one that there is, or one by the cheapest way.
    fn source_of(
        &mut self,
        position: PositionId,
        ty: TypeId,
        (subgraph, field): (SubgraphId, FieldId),
    ) -> Result<SourceIndex, Stop> {
        let parent = self.supergraph.field(field).parent;
        if !self.graph.is_interface_object(subgraph, parent) {
            return self.source(position, ty, subgraph);
        }
        let has = |planner: &Self, id: SourceIndex| {
            let source = &planner.positions[position].sources[id];
            source.subgraph == subgraph && source.ty == parent
        };
        let known = self.covering(position, ty).find(|&id| has(self, id));
        if let Some(known) = known {
            return Ok(known);
        }
        let source = self.source(position, ty, subgraph)?;
        if has(self, source) {
            return Ok(source);
        }
        let entry = self.entry_for(position, ty, (subgraph, field));
        let entry = entry.ok_or_else(|| self.no_way(position, ty))?;
        self.enter((position, ty), subgraph, &entry, Sent::default())
    }

    /// How objects of `ty` are looked up for a field: as the type whose field it is, where a subgraph has that as an interface object.
    pub(crate) fn entry_for(
        &self,
        position: PositionId,
        ty: TypeId,
        (subgraph, field): (SubgraphId, FieldId),
    ) -> Option<EntryStep<'g>> {
        let parent = self.supergraph.field(field).parent;
        let as_type = self.graph.is_interface_object(subgraph, parent).then_some(parent);
        match self.ways(position, ty).entry_as(subgraph, as_type)?.step {
            Step::Entry(entry) => Some(entry),
            _ => None,
        }
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
        let option = self.choose(position, ty, &want)?;
        let (fetch, asked) = self.take_option(position, ty, &want, (&option, &group))?;
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
