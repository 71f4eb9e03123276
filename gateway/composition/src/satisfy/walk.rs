//! Over all fields that clients see, from the roots down.

use std::collections::{BTreeSet, VecDeque};

use octavo_diagnostics::Diagnostic;
use octavo_query_graph::QueryGraph;
use octavo_supergraph::{FieldId, RootKind, TypeId};

use super::explain::{Dead, explain};
use super::moves::{Around, Moves};
use super::place::{Place, arrivals, includes};
use super::shared_types;
use crate::code::Code;
use crate::maps::{HashMap, HashSet};
use crate::report::Report;
use crate::validate::MergedSchema;

/// Objects of one type, with the places that they can be had from.
#[derive(Debug)]
pub(crate) struct State<'g> {
    pub(crate) ty: TypeId,
    pub(crate) places: Vec<Place<'g>>,
    /// The state and the field that led here; `None` at a root.
    pub(crate) from: Option<(usize, FieldId)>,
    pub(crate) root: RootKind,
    pub(crate) around: Around,
}

/// States of one type that are told apart by all that is around them. Of more, each value around is looked at by itself: one that
/// lacks nothing that was there in all of them is not looked at again.
const TOLD_APART: usize = 64;

/// What objects of one type reach, and what arguments can take from those around them.
type Settled<'g> = (HashSet<Place<'g>>, Around);

/// Walks one graph, within a number of steps.
pub(crate) fn walk(
    graph: &QueryGraph,
    labels: &BTreeSet<String>,
    budget: usize,
    schema: MergedSchema<'_, '_>,
    report: &mut Report,
) {
    let mut walk = Walk {
        moves: Moves::new(graph, budget),
        labels,
        schema,
        report,
        states: Vec::new(),
        queue: VecDeque::new(),
        seen: HashMap::default(),
        settled: HashMap::default(),
        reported: HashSet::default(),
    };
    walk.start();
    while let Some(state) = walk.queue.pop_front() {
        walk.visit(state);
    }
    if walk.moves.is_exhausted() {
        let message = "not every query could be checked within the bound on steps".to_owned();
        walk.report.push(Diagnostic::hint(Code::MaxValidationPathsExceeded.as_str(), message));
    }
}

struct Walk<'g, 'a, 's, 'r> {
    moves: Moves<'g>,
    labels: &'r BTreeSet<String>,
    schema: MergedSchema<'a, 's>,
    report: &'r mut Report,
    states: Vec<State<'g>>,
    queue: VecDeque<usize>,
    seen: HashMap<TypeId, Vec<usize>>,
    /// All places of states that were looked at, by type.
    settled: HashMap<TypeId, Vec<Settled<'g>>>,
    reported: HashSet<(TypeId, Option<FieldId>)>,
}

impl<'g> Walk<'g, '_, '_, '_> {
    fn start(&mut self) {
        for root in [RootKind::Query, RootKind::Mutation, RootKind::Subscription] {
            let Some(ty) = self.moves.supergraph.root(root) else { continue };
            let joins = &self.moves.supergraph.ty(ty).joins;
            let places = joins.iter().map(|join| Place { subgraph: join.subgraph, ty, provided: Vec::new() });
            let places = places.collect();
            self.push(State { ty, places, from: None, root, around: Around::new() });
        }
    }

    /// Notes a state unless an earlier one had no more places and no more around it.
    fn push(&mut self, state: State<'g>) {
        let seen = self.seen.entry(state.ty).or_default();
        let all = seen.iter().map(|&earlier| &self.states[earlier]);
        let mut earlier = all.filter(|earlier| includes(&state.places, &earlier.places));
        let is_no_more = if seen.len() < TOLD_APART {
            earlier.any(|earlier| earlier.around.is_subset(&state.around))
        } else {
            let common = earlier.map(|earlier| earlier.around.clone()).reduce(|all, one| &all & &one);
            common.is_some_and(|common| common.is_subset(&state.around))
        };
        if is_no_more {
            return;
        }
        seen.push(self.states.len());
        self.queue.push_back(self.states.len());
        self.states.push(state);
    }

    /// Notes what a state reaches; false when an earlier one reached no more.
    fn settle(&mut self, ty: TypeId, reached: &[Place<'g>]) -> bool {
        let around = &self.moves.around;
        let reached: HashSet<Place<'g>> = reached.iter().cloned().collect();
        let settled = self.settled.entry(ty).or_default();
        if settled.iter().any(|(places, set)| places.is_subset(&reached) && set.is_subset(around)) {
            return false;
        }
        settled.push((reached, around.clone()));
        true
    }

    fn visit(&mut self, at: usize) {
        if self.moves.is_exhausted() {
            return;
        }
        let ty = self.states[at].ty;
        let places = self.states[at].places.clone();
        self.moves.around.clone_from(&self.states[at].around);
        let reached = self.moves.reach(ty, &places);
        if !self.settle(ty, &reached) {
            return;
        }
        let around = self.moves.around_below(&reached, ty);
        if !reached.iter().any(|place| place.ty == ty) {
            return self.fail(at, None, &reached);
        }
        for &field in &self.moves.supergraph.ty(ty).fields {
            let definition = self.moves.supergraph.field(field);
            let result = definition.ty.named();
            if definition.inaccessible || self.moves.supergraph.ty(result).inaccessible {
                continue;
            }
            let taken = self.moves.take(&reached, ty, definition.name);
            if taken.is_empty() {
                self.fail(at, Some(field), &reached);
                continue;
            }
            if let Some(finding) = shared_types::check(&self.moves, self.schema, (ty, field), &taken) {
                self.report.push(finding);
            }
            for (object, places) in arrivals(self.moves.graph, result, &taken) {
                if !self.moves.supergraph.ty(object).inaccessible {
                    let root = self.states[at].root;
                    let around = around.clone();
                    self.push(State { ty: object, places, from: Some((at, field)), root, around });
                }
            }
        }
    }

    fn fail(&mut self, at: usize, field: Option<FieldId>, reached: &[Place<'g>]) {
        if self.moves.is_exhausted() || !self.reported.insert((self.states[at].ty, field)) {
            return;
        }
        let dead = Dead { states: &self.states, at, field, reached, labels: self.labels };
        let finding = explain(&mut self.moves, self.schema, &dead);
        self.report.push(finding);
    }
}
