//! The walk: each field of each position is asked of the cheapest source.
//!
//! At one position: (1) fields that cost nothing more are asked first; (2) the others follow, those with the fewest options first,
//! so that what has to be asked anyway is there when others choose; (3) then the positions below.

use std::collections::BTreeSet;

use octavo_operation::ItemField;
use octavo_supergraph::{FieldId, FieldSelection, FieldSet, RootKind, SubgraphId, TypeId};

use crate::PlanError;
use crate::planner::{Ask, Asked, Planner};
use crate::reach::{Step, Ways};
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
    pub(crate) fn resolve_operation(&mut self) -> Result<(), PlanError> {
        let set = self.operation.root();
        let ty = self.operation.set(set).parent;
        let root = self.positions.push(Position::new(ty, None));
        let wants = self.wants(ty, Children::Set(set));
        if self.operation.kind() == RootKind::Query {
            self.resolve_all(root, &wants)?;
            return Ok(());
        }
        for want in wants {
            self.resolve_effect(root, &want)?;
        }
        Ok(())
    }

    /// A root field of a mutation or subscription: in order, and everything below it before the next.
    fn resolve_effect(&mut self, root: PositionId, want: &Want<'g>) -> Result<(), PlanError> {
        let ItemField::Field(field) = want.field else {
            self.resolve_meta(root, want);
            return Ok(());
        };
        let ty = self.positions[root].ty;
        let options = self.options(ty, field);
        let best = options.into_iter().min_by_key(|&(subgraph, field)| {
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
            let ty = self.positions[child].ty;
            let wants = self.wants(ty, want.children);
            self.resolve_all(child, &wants)?;
        }
        Ok(())
    }

    /// Resolves all wants of a position and everything below; gives the fetches that fill them.
    pub(crate) fn resolve_all(
        &mut self,
        position: PositionId,
        wants: &[Want<'g>],
    ) -> Result<BTreeSet<FetchIndex>, PlanError> {
        let order = self.order_of(position, wants);
        let mut outputs: Vec<Option<Vec<OutputState>>> = wants.iter().map(|_| None).collect();
        let mut all = Done::default();
        for index in order {
            let before = self.positions[position].outputs.len();
            let done = self.resolve(position, &wants[index])?;
            outputs[index] = Some(self.positions[position].outputs.split_off(before));
            all.fetches.extend(done.fetches);
            all.below.extend(done.below);
        }
        let written = outputs.into_iter().flatten().flatten();
        self.positions[position].outputs.extend(written);
        for (child, children) in all.below {
            let ty = self.positions[child].ty;
            let wants = self.wants(ty, children);
            all.fetches.extend(self.resolve_all(child, &wants)?);
        }
        Ok(all.fetches)
    }

    /// Free wants first; then those that require others, since their request is the later one and others can join it; then those
    /// with the fewest options.
    fn order_of(&mut self, position: PositionId, wants: &[Want<'g>]) -> Vec<usize> {
        let ty = self.positions[position].ty;
        if self.supergraph.ty(ty).kind.is_abstract() {
            return (0..wants.len()).collect();
        }
        let ways = self.ways(position, ty);
        let mut keyed: Vec<_> = wants
            .iter()
            .enumerate()
            .map(|(index, want)| {
                let options = self.field_options(position, ty, want, &ways);
                let free = options.first().is_some_and(|option| option.cost == 0);
                let requires = options.first().is_some_and(|option| matches!(option.how, How::Requires(_)));
                ((!free, !requires, options.len()), index)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, index)| index).collect()
    }

    fn resolve(&mut self, position: PositionId, want: &Want<'g>) -> Result<Done<'g>, PlanError> {
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
        let asked = self.resolve_on(position, ty, want, &None)?;
        self.output(position, want, None, OutputFrom::Slot(asked.1.slot));
        Ok(done(asked, want))
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
    ) -> Result<(FetchIndex, Asked), PlanError> {
        let option = self.choose(position, ty, want)?;
        self.take_option(position, ty, want, (&option, group))
    }

    /// Picks an option for a field on objects of one type.
    pub(crate) fn choose(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
    ) -> Result<Choice<'g>, PlanError> {
        let ways = self.ways(position, ty);
        let mut options = self.field_options(position, ty, want, &ways);
        if options.is_empty() {
            let ItemField::Field(field) = want.field else { return Err(self.no_way(position, ty)) };
            return Err(self.no_option(position, field));
        }
        let pick = if options[0].cost == 0 { 0 } else { self.decisions.pick(options.len()) };
        Ok(options.swap_remove(pick))
    }

    /// Carries an option out.
    pub(crate) fn take_option(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        (option, group): (&Choice<'g>, &Types),
    ) -> Result<(FetchIndex, Asked), PlanError> {
        let (source, provides) = match option.how {
            How::Provided(source, provided) => (source, provided.selections.iter().collect()),
            How::Reach => {
                let source = self.source(position, ty, option.subgraph)?;
                (source, self.provides_of(option.subgraph, option.field))
            }
            How::Requires(requires) => {
                let way = self.ways(position, ty).entry(option.subgraph).cloned();
                let Some(Step::Entry(entry)) = way.map(|way| way.step) else {
                    return Err(self.no_way(position, ty));
                };
                let requires: Vec<_> = requires.iter().collect();
                let source = self.enter(position, ty, option.subgraph, &entry, &requires)?;
                (source, self.provides_of(option.subgraph, option.field))
            }
        };
        let types = self.types_of(position, ty);
        let on = self.asked_on(position, source, ty);
        let field = self.same_field(on, option.field).unwrap_or(option.field);
        let asked = self.ask(position, want, &Ask { source, on, field, types: &types, group }, &provides);
        Ok((self.positions[position].sources[source].fetch, asked))
    }

    /// The ways to resolve a field on objects of one type, the cheapest first.
    pub(crate) fn field_options(
        &mut self,
        position: PositionId,
        ty: TypeId,
        want: &Want<'g>,
        ways: &Ways<'g>,
    ) -> Vec<Choice<'g>> {
        let ItemField::Field(wanted) = want.field else { return Vec::new() };
        let Some(field) = self.same_field(ty, wanted) else { return Vec::new() };
        let mut options = self.provided_options(position, ty, field);
        let graph = self.graph;
        for (subgraph, field) in self.options(ty, field) {
            let Some(access) = graph.access(subgraph, field) else { continue };
            let how = access.requires().map_or(How::Reach, How::Requires);
            let Some(cost) = self.cost_of(ty, (subgraph, &how), ways) else { continue };
            options.push(Choice { subgraph, field, how, cost });
        }
        for option in &mut options {
            let named = self.type_in(option.subgraph, option.field);
            let provides = match option.how {
                How::Provided(_, provided) => provided.selections.iter().collect(),
                _ => self.provides_of(option.subgraph, option.field),
            };
            option.cost += self.estimate(option.subgraph, named, want.children, &provides);
        }
        options.sort_by_key(|option| option.cost);
        options
    }

    fn provided_options(&self, position: PositionId, ty: TypeId, field: FieldId) -> Vec<Choice<'g>> {
        let sources = self.positions[position].sources.iter_with_ids();
        sources
            .filter(|(id, _)| self.covers(position, *id, ty))
            .filter_map(|(id, source)| {
                let provided = self.provided(&source.provides, ty, Some(field))?;
                let how = How::Provided(id, provided);
                Some(Choice { subgraph: source.subgraph, field, how, cost: 0 })
            })
            .collect()
    }

    fn cost_of(&self, ty: TypeId, (subgraph, how): (SubgraphId, &How<'g>), ways: &Ways<'g>) -> Option<u32> {
        if let How::Requires(requires) = how {
            let entry = ways.entry(subgraph)?.cost();
            let fields = requires.iter().map(|selection| self.requires_cost(ty, selection, subgraph, ways));
            return Some(entry + fields.sum::<u32>());
        }
        let way = ways.to(subgraph)?;
        let free = matches!(way.step, Step::Source(_));
        Some(if free { 0 } else { way.cost() })
    }

    fn requires_cost(
        &self,
        ty: TypeId,
        selection: &FieldSelection,
        entered: SubgraphId,
        ways: &Ways<'g>,
    ) -> u32 {
        let Some(field) = selection.field.and_then(|field| self.same_field(ty, field)) else { return 0 };
        let options = self.options(ty, field).into_iter().filter(|(subgraph, _)| *subgraph != entered);
        let costs = options.filter_map(|(subgraph, _)| {
            let way = ways.to(subgraph)?;
            Some(if matches!(way.step, Step::Source(_)) { 0 } else { way.cost() })
        });
        costs.min().unwrap_or(0)
    }

    /// Resolves one field of a field set for objects of one type; gives the fetches that fill it.
    pub(crate) fn resolve_selection(
        &mut self,
        position: PositionId,
        ty: TypeId,
        selection: &'g FieldSelection,
    ) -> Result<BTreeSet<FetchIndex>, PlanError> {
        let Some(wanted) = selection.field else { return Ok(BTreeSet::new()) };
        let on_interface = self.supergraph.ty(self.positions[position].ty).kind.is_abstract();
        let Some(field) = self.same_field(ty, wanted) else { return Ok(BTreeSet::new()) };
        let types = on_interface.then(|| Box::from([ty]));
        let want = self.hidden_want(field, selection, types);
        let group = self.types_of(position, ty);
        let (fetch, asked) = self.resolve_on(position, ty, &want, &group)?;
        let mut fetches = BTreeSet::from([fetch]);
        if let Some(child) = asked.child {
            let ty = self.positions[child].ty;
            let wants = self.wants(ty, want.children);
            fetches.extend(self.resolve_all(child, &wants)?);
        }
        Ok(fetches)
    }

    /// Writes what a client asked; nothing for what only a representation needs.
    pub(crate) fn output(&mut self, position: PositionId, want: &Want<'g>, types: Types, value: OutputFrom) {
        let Some(key) = want.key else { return };
        let when = want.when.clone();
        self.positions[position].outputs.push(OutputState { key, types, when, value });
    }

    pub(crate) fn no_option(&self, position: PositionId, field: FieldId) -> PlanError {
        let field = self.supergraph.field(field);
        let (parent, name) = (self.supergraph.type_name(field.parent), self.supergraph.name(field.name));
        PlanError::Unreachable { what: format!("`{parent}.{name}`"), path: self.path_text(position) }
    }
}

/// One asked field as what was done for a want.
pub(crate) fn done<'g>((fetch, asked): (FetchIndex, Asked), want: &Want<'g>) -> Done<'g> {
    let below = asked.child.map(|child| (child, want.children));
    Done { fetches: BTreeSet::from([fetch]), below: below.into_iter().collect() }
}
