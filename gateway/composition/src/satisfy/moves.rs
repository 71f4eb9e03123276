//! From some places of an object to all places, and from places to fields.
//!
//! Both questions need one another: a key is known when its fields can be taken, and a field can be taken where a key leads. They are
//! answered by growing sets until nothing is added; a question that comes up again while it is being answered gets the
//! answer so far.

use std::collections::{HashMap, HashSet};

use octavo_index::NameId;
use octavo_query_graph::QueryGraph;
use octavo_supergraph::{FieldId, FieldSelection, RootKind, SubgraphId, Supergraph, TypeId};

use super::place::{Place, Taken, applies, arrivals};

/// Deepest chain of keys that need other keys.
const DEPTH: usize = 40;
/// Steps after which everything counts as reachable.
const BUDGET: usize = 20_000_000;

/// From some places of objects of a type, without entering some subgraphs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question<'g> {
    ty: TypeId,
    start: Vec<Place<'g>>,
    excluded: Vec<SubgraphId>,
}

/// Answers about one graph, remembered.
pub(crate) struct Moves<'g> {
    pub(crate) graph: &'g QueryGraph,
    pub(crate) supergraph: &'g Supergraph,
    answers: HashMap<Question<'g>, Vec<Place<'g>>>,
    /// Questions under way, with the answers so far.
    open: HashMap<Question<'g>, Vec<Place<'g>>>,
    /// Whether an unfinished answer was used since the flag was last cleared.
    used_open: bool,
    /// Fields whose requirements are being resolved.
    requiring: HashSet<(SubgraphId, FieldId)>,
    /// Subgraphs whose keys are being told, which therefore cannot be entered for it.
    excluded: Vec<SubgraphId>,
    steps: usize,
}

impl<'g> Moves<'g> {
    pub(crate) fn new(graph: &'g QueryGraph) -> Self {
        Self {
            graph,
            supergraph: graph.supergraph(),
            answers: HashMap::new(),
            open: HashMap::new(),
            used_open: false,
            requiring: HashSet::new(),
            excluded: Vec::new(),
            steps: 0,
        }
    }

    /// Whether so many steps were made that no more will be.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps > BUDGET
    }

    /// All places of an object of type `ty` that can be reached from `start`.
    pub(crate) fn reach(&mut self, ty: TypeId, start: &[Place<'g>]) -> Vec<Place<'g>> {
        let question = Question { ty, start: start.to_vec(), excluded: self.excluded.clone() };
        if let Some(answer) = self.answers.get(&question) {
            return answer.clone();
        }
        if let Some(so_far) = self.open.get(&question) {
            self.used_open = true;
            return so_far.clone();
        }
        if self.open.len() >= DEPTH || self.is_exhausted() {
            self.used_open = true;
            return start.to_vec();
        }
        self.open.insert(question.clone(), start.to_vec());
        let used_before = std::mem::take(&mut self.used_open);
        let answer = self.grow(&question);
        self.open.remove(&question);
        if !self.used_open || self.open.is_empty() {
            self.answers.insert(question, answer.clone());
        }
        self.used_open |= used_before;
        answer
    }

    fn grow(&mut self, question: &Question<'g>) -> Vec<Place<'g>> {
        let ty = question.ty;
        let mut reached = question.start.clone();
        loop {
            let before = reached.len();
            if Some(ty) == self.supergraph.root(RootKind::Query) {
                self.enter_root(ty, &mut reached);
            }
            self.enter_all(ty, &mut reached);
            if reached.len() == before {
                return reached;
            }
            self.open.insert(question.clone(), reached.clone());
        }
    }

    /// The query root is everywhere at hand.
    fn enter_root(&self, ty: TypeId, reached: &mut Vec<Place<'g>>) {
        for join in &self.supergraph.ty(ty).joins {
            let place = Place { subgraph: join.subgraph, ty, provided: Vec::new() };
            if !reached.contains(&place) {
                reached.push(place);
            }
        }
    }

    /// Subgraphs that have the type, or one of its interfaces.
    fn candidates(&self, ty: TypeId) -> Vec<SubgraphId> {
        let types = std::iter::once(ty).chain(self.graph.interfaces(ty).iter().copied());
        let joins = types.flat_map(|ty| &self.supergraph.ty(ty).joins).map(|join| join.subgraph);
        let mut found: Vec<SubgraphId> = joins.filter(|id| !self.excluded.contains(id)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Enters every subgraph whose key can be told by now.
    fn enter_all(&mut self, ty: TypeId, reached: &mut Vec<Place<'g>>) {
        let graph = self.graph;
        for subgraph in self.candidates(ty) {
            for entry in graph.entries(ty, subgraph) {
                self.steps += 1;
                // Behind an interface object, nobody knows yet which object it is.
                let is_named = entry.ty != ty || reached.iter().any(|place| place.ty == ty);
                let local = if graph.is_interface_object(subgraph, entry.ty) { entry.ty } else { ty };
                let place = Place { subgraph, ty: local, provided: Vec::new() };
                if !is_named || reached.contains(&place) {
                    continue;
                }
                self.excluded.push(subgraph);
                if self.can_resolve(reached, ty, &entry.key.fields) {
                    reached.push(place);
                }
                self.excluded.pop();
            }
        }
    }

    /// Whether a field set can be had from the places of an object of type `ty`.
    pub(crate) fn can_resolve(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        set: &'g [FieldSelection],
    ) -> bool {
        set.iter().all(|selection| {
            let Some(field) = selection.field.filter(|_| applies(self.graph, selection.on, ty)) else {
                return true;
            };
            let field = self.supergraph.field(field);
            let taken = self.take(reached, ty, field.name);
            if taken.is_empty() {
                return false;
            }
            if selection.selections.is_empty() {
                return true;
            }
            arrivals(self.graph, field.ty.named(), &taken).iter().all(|(object, places)| {
                let reached = self.reach(*object, places);
                self.can_resolve(&reached, *object, &selection.selections)
            })
        })
    }

    /// What the field of that name leads to, from each place that resolves it.
    pub(crate) fn take(&mut self, reached: &[Place<'g>], ty: TypeId, name: NameId) -> Vec<Taken<'g>> {
        let mut taken = Vec::new();
        for place in reached {
            self.steps += 1;
            taken.extend(self.take_at(reached, ty, place, name));
        }
        taken
    }

    fn take_at(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        place: &Place<'g>,
        name: NameId,
    ) -> Option<Taken<'g>> {
        let graph = self.graph;
        let field = self.supergraph.field_with(place.ty, name)?;
        let subgraph = place.subgraph;
        let result = self.supergraph.field(field).ty.named();
        let names_it = |selection: &&&'g FieldSelection| {
            selection.field.is_some_and(|field| self.supergraph.field(field).name == name)
        };
        if let Some(selection) = place.provided.iter().find(names_it) {
            let local = self.local_type(subgraph, field).unwrap_or(result);
            return Some(Taken { subgraph, ty: local, provided: selection.selections.iter().collect() });
        }
        let access = graph.access(subgraph, field)?;
        if let Some(requires) = access.requires() {
            if !self.requiring.insert((subgraph, field)) {
                self.used_open = true;
                return None;
            }
            let fine = self.can_resolve(reached, ty, requires) && self.can_enter(reached, ty, subgraph);
            self.requiring.remove(&(subgraph, field));
            if !fine {
                return None;
            }
        }
        let ty = access.ty().map_or(result, octavo_supergraph::TypeRef::named);
        let provided = access.provides().map(|set| set.iter().collect()).unwrap_or_default();
        Some(Taken { subgraph, ty, provided })
    }

    /// The type of a field in a subgraph that only names it.
    fn local_type(&self, subgraph: SubgraphId, field: FieldId) -> Option<TypeId> {
        let joins = &self.supergraph.field(field).joins;
        let join = joins.iter().find(|join| join.subgraph == subgraph)?;
        join.ty.as_ref().map(octavo_supergraph::TypeRef::named)
    }

    /// Whether the object can be looked up in a subgraph by one of its keys there.
    fn can_enter(&mut self, reached: &[Place<'g>], ty: TypeId, subgraph: SubgraphId) -> bool {
        let graph = self.graph;
        graph.entries(ty, subgraph).any(|entry| self.can_resolve(reached, ty, &entry.key.fields))
    }
}
