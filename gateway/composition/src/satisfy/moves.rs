//! From some places of an object to all places, and from places to fields.
//!
//! Both questions need one another: a key is known when its fields can be taken, and a field can be taken where a key leads. They are
//! answered by growing sets until nothing is added; a question that comes up again while it is being answered gets the
//! answer so far.

use std::collections::BTreeSet;
use std::rc::Rc;

use octavo_index::NameId;
use octavo_query_graph::{Access, Entry, QueryGraph};
use octavo_supergraph::{
    ContextSelection, Field, FieldId, FieldSelection, RootKind, SubgraphId, Supergraph, TypeId,
};

use super::contexts::{Setters, setters};
use super::place::{Place, Taken, applies, arrivals};
use crate::maps::{HashMap, HashSet};

/// Deepest chain of keys that need other keys, and of requirements that need others.
const DEPTH: usize = 40;

/// What arguments can take from the objects around.
pub(crate) type Around = BTreeSet<ContextSelection>;

/// From some places of objects of a type, without entering some subgraphs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question<'g> {
    ty: TypeId,
    start: Vec<Place<'g>>,
    excluded: Vec<SubgraphId>,
    around: Around,
}

/// Answers about one graph, remembered.
pub(crate) struct Moves<'g> {
    pub(crate) graph: &'g QueryGraph,
    pub(crate) supergraph: &'g Supergraph,
    answers: HashMap<Question<'g>, Vec<Place<'g>>>,
    /// Questions under way, with the answers so far.
    open: HashMap<Question<'g>, Vec<Place<'g>>>,
    /// The ways to look up objects of a type, by subgraphs.
    entries: HashMap<TypeId, Rc<[Entry<'g>]>>,
    /// Whether an unfinished answer was used since the flag was last cleared.
    pub(super) used_open: bool,
    /// Fields whose requirements are being resolved.
    requiring: HashSet<(SubgraphId, FieldId)>,
    /// Subgraphs whose keys are being told, which therefore cannot be entered for it.
    excluded: Vec<SubgraphId>,
    pub(crate) around: Around,
    /// By object type: what arguments can take from it.
    pub(super) setters: Setters<'g>,
    /// The values that are being told, by the types that set them.
    pub(super) telling: Vec<(TypeId, ContextSelection)>,
    pub(super) steps: usize,
    /// Steps after which everything counts as reachable.
    budget: usize,
}

impl<'g> Moves<'g> {
    pub(crate) fn new(graph: &'g QueryGraph, budget: usize) -> Self {
        Self {
            graph,
            supergraph: graph.supergraph(),
            answers: HashMap::default(),
            open: HashMap::default(),
            entries: HashMap::default(),
            used_open: false,
            requiring: HashSet::default(),
            excluded: Vec::new(),
            around: Around::new(),
            setters: setters(graph.supergraph()),
            telling: Vec::new(),
            steps: 0,
            budget,
        }
    }

    /// Whether so many steps were made that no more will be.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps > self.budget
    }

    /// All places of an object of type `ty` that can be reached from `start`.
    pub(crate) fn reach(&mut self, ty: TypeId, start: &[Place<'g>]) -> Vec<Place<'g>> {
        let (excluded, around) = (self.excluded.clone(), self.around.clone());
        let question = Question { ty, start: start.to_vec(), excluded, around };
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
        let mut reached = Reached::new(&question.start);
        loop {
            let before = reached.places.len();
            if self.is_root(ty) {
                self.enter_root(ty, &mut reached);
            }
            self.enter_all(ty, &mut reached);
            if reached.places.len() == before {
                return reached.places;
            }
            self.open.insert(question.clone(), reached.places.clone());
        }
    }

    fn is_root(&self, ty: TypeId) -> bool {
        let roots = [RootKind::Query, RootKind::Mutation, RootKind::Subscription];
        roots.into_iter().any(|root| self.supergraph.root(root) == Some(ty))
    }

    /// A root needs no key: it is at hand wherever a subgraph has it, below another field too.
    fn enter_root(&self, ty: TypeId, reached: &mut Reached<'g>) {
        for join in &self.supergraph.ty(ty).joins {
            reached.enter(join.subgraph, ty);
        }
    }

    /// The ways to look up objects of that type, in the order of subgraphs.
    fn entries(&mut self, ty: TypeId) -> Rc<[Entry<'g>]> {
        let graph = self.graph;
        let known = self.entries.entry(ty).or_insert_with(|| {
            let types = std::iter::once(ty).chain(graph.interfaces(ty).iter().copied());
            let joins = types.flat_map(|ty| &graph.supergraph().ty(ty).joins);
            let mut subgraphs: Vec<SubgraphId> = joins.map(|join| join.subgraph).collect();
            subgraphs.sort_unstable();
            subgraphs.dedup();
            subgraphs.into_iter().flat_map(|subgraph| graph.entries(ty, subgraph)).collect()
        });
        Rc::clone(known)
    }

    /// Enters every subgraph whose key can be told by now.
    fn enter_all(&mut self, ty: TypeId, reached: &mut Reached<'g>) {
        for entry in &*self.entries(ty) {
            let subgraph = entry.subgraph;
            if self.excluded.contains(&subgraph) {
                continue;
            }
            self.steps += 1;
            // Behind an interface object, nobody knows yet which object it is.
            let is_named = entry.ty != ty || reached.has_type(ty);
            let local = if self.graph.is_interface_object(subgraph, entry.ty) { entry.ty } else { ty };
            if !is_named || reached.has(subgraph, local) {
                continue;
            }
            self.excluded.push(subgraph);
            if self.can_resolve(&reached.places, ty, &entry.key.fields) {
                reached.enter(subgraph, local);
            }
            self.excluded.pop();
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
            if selection.selections.is_empty() {
                return self.can_take(reached, ty, field.name);
            }
            let taken = self.take(reached, ty, field.name);
            let arrivals = arrivals(self.graph, field.ty.named(), &taken);
            !taken.is_empty()
                && self.below(reached, ty, |moves| {
                    arrivals.iter().all(|(object, places)| {
                        let reached = moves.reach(*object, places);
                        moves.can_resolve(&reached, *object, &selection.selections)
                    })
                })
        })
    }

    /// The first field of a set that cannot be had from the places of an object, with the type that lacks it.
    pub(crate) fn missing(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        set: &'g [FieldSelection],
    ) -> Option<(TypeId, FieldId)> {
        for selection in set {
            let Some(field) = selection.field.filter(|_| applies(self.graph, selection.on, ty)) else {
                continue;
            };
            let definition = self.supergraph.field(field);
            let taken = self.take(reached, ty, definition.name);
            if taken.is_empty() {
                return Some((ty, self.supergraph.field_with(ty, definition.name).unwrap_or(field)));
            }
            let arrivals = arrivals(self.graph, definition.ty.named(), &taken);
            let missing = self.below(reached, ty, |moves| {
                arrivals.iter().find_map(|(object, places)| {
                    let reached = moves.reach(*object, places);
                    moves.missing(&reached, *object, &selection.selections)
                })
            });
            if missing.is_some() {
                return missing;
            }
        }
        None
    }

    /// Whether some place resolves the field of that name.
    fn can_take(&mut self, reached: &[Place<'g>], ty: TypeId, name: NameId) -> bool {
        let field = self.field_of(ty, name);
        reached.iter().filter(|place| may_resolve(field, ty, place)).any(|place| {
            self.steps += 1;
            self.take_at(reached, ty, place, name).is_some()
        })
    }

    fn field_of(&self, ty: TypeId, name: NameId) -> Option<&'g Field> {
        let supergraph = self.supergraph;
        supergraph.field_with(ty, name).map(|field| supergraph.field(field))
    }

    /// What the field of that name leads to, from each place that resolves it.
    pub(crate) fn take(&mut self, reached: &[Place<'g>], ty: TypeId, name: NameId) -> Vec<Taken<'g>> {
        let field = self.field_of(ty, name);
        let mut taken = Vec::new();
        for place in reached.iter().filter(|place| may_resolve(field, ty, place)) {
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
        if !access.is_plain() && !self.can_send(reached, ty, (field, access)) {
            return None;
        }
        let ty = access.ty().map_or(result, octavo_supergraph::TypeRef::named);
        let provided = access.provides().map(|set| set.iter().collect()).unwrap_or_default();
        Some(Taken { subgraph, ty, provided })
    }

    /// Whether what a field needs can be sent to its subgraph.
    fn can_send(
        &mut self,
        reached: &[Place<'g>],
        ty: TypeId,
        (field, access): (FieldId, Access<'g>),
    ) -> bool {
        let subgraph = access.subgraph;
        if self.unset(access).is_some() {
            return false;
        }
        // What is required so far down is walked over by itself as well.
        if self.requiring.len() >= DEPTH {
            self.used_open = true;
            return true;
        }
        if !self.requiring.insert((subgraph, field)) {
            self.used_open = true;
            return false;
        }
        let requires = access.requires().map_or(&[][..], Vec::as_slice);
        let fine = self.can_resolve(reached, ty, requires) && self.can_enter(reached, ty, subgraph);
        self.requiring.remove(&(subgraph, field));
        fine
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

/// Whether it is worth a look whether the place resolves a field of objects of type `ty`: most subgraphs do not name most fields.
fn may_resolve(field: Option<&Field>, ty: TypeId, place: &Place<'_>) -> bool {
    let names_none = |field: &Field| {
        !field.joins.is_empty() && field.joins.iter().all(|join| join.subgraph != place.subgraph)
    };
    place.ty != ty || !place.provided.is_empty() || !field.is_some_and(names_none)
}

/// Places that were reached, with an index of those that provide nothing.
struct Reached<'g> {
    places: Vec<Place<'g>>,
    plain: HashSet<(SubgraphId, TypeId)>,
    types: Vec<TypeId>,
}

impl<'g> Reached<'g> {
    fn new(start: &[Place<'g>]) -> Self {
        let mut reached = Self { places: start.to_vec(), plain: HashSet::default(), types: Vec::new() };
        for place in start {
            reached.note(place.subgraph, place.ty, place.provided.is_empty());
        }
        reached
    }

    fn note(&mut self, subgraph: SubgraphId, ty: TypeId, is_plain: bool) {
        if is_plain {
            self.plain.insert((subgraph, ty));
        }
        if !self.types.contains(&ty) {
            self.types.push(ty);
        }
    }

    fn has(&self, subgraph: SubgraphId, ty: TypeId) -> bool {
        self.plain.contains(&(subgraph, ty))
    }

    fn has_type(&self, ty: TypeId) -> bool {
        self.types.contains(&ty)
    }

    fn enter(&mut self, subgraph: SubgraphId, ty: TypeId) {
        if !self.has(subgraph, ty) {
            self.note(subgraph, ty, true);
            self.places.push(Place { subgraph, ty, provided: Vec::new() });
        }
    }
}
