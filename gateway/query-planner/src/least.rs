//! What no plan can do without: how many requests, and how many of them in a row.
//!
//! 1. From the root down, each field is asked of one of the subgraphs that resolve it. For each of these it is known at which level it
//!    can be asked at the earliest, and which requests are made before that in any case: those that lead to the objects, and those
//!    that have its key or what it requires.
//! 2. What all subgraphs that resolve a field need is needed whoever is asked.
//! 3. Requests to the root are counted apart from later ones, since none is both.
//! 4. A field that nobody resolves in one of these requests needs another one. Fields share it only if one subgraph resolves them.
//!
//! Where many subgraphs could be asked, and where objects have several types, little is needed in any case: what is below is not
//! looked at.

use std::collections::{BTreeMap, BTreeSet};

use octavo_operation::{Item, ItemField, SetId};
use octavo_supergraph::{FieldId, FieldSelection, SubgraphId, TypeId};

use crate::planner::Planner;

/// How many subgraphs that resolve a field are looked at.
const MOST_CHOICES: usize = 6;
/// How many requirements of requirements are looked at.
const MOST_REQUIRED: usize = 2;

/// What no plan can do without.
#[derive(Debug, Default)]
pub(crate) struct Least {
    pub(crate) requests: usize,
    /// The requests in a row.
    pub(crate) level: u32,
    by_subgraph: BTreeMap<SubgraphId, usize>,
}

impl Least {
    /// How often a subgraph is asked at least.
    pub(crate) fn of(&self, subgraph: SubgraphId) -> usize {
        self.by_subgraph.get(&subgraph).copied().unwrap_or(0)
    }
}

/// A sort of requests: to a subgraph, and to its root or for entities.
type Sort = (SubgraphId, bool);

/// How many requests of each sort are needed.
#[derive(Clone, Debug, Default)]
struct Needs(Vec<(Sort, u32)>);

/// What is needed before something can be asked.
#[derive(Clone, Debug, Default)]
struct Before {
    level: u32,
    needs: Needs,
}

/// A subgraph of which something is asked, with the request itself among what is needed.
#[derive(Clone, Debug)]
struct Asked {
    sort: Sort,
    before: Before,
}

/// Objects, and who may have been asked for them.
struct Place<'a> {
    ty: TypeId,
    asked: &'a [Asked],
    /// What is needed whoever was asked.
    before: Before,
    /// What is needed before subgraphs are asked for these objects as entities, once it was found out.
    entered: Vec<(SubgraphId, Before)>,
}

struct Counting<'p, 'g> {
    planner: &'p Planner<'g>,
    needs: Needs,
    level: u32,
    /// Sorts of which one is needed.
    choices: BTreeSet<Vec<Sort>>,
}

/// Counts what no plan can do without.
pub(crate) fn least(planner: &Planner<'_>) -> Least {
    let mut counting = Counting { planner, needs: Needs::default(), level: 0, choices: BTreeSet::new() };
    for item in &planner.operation.set(planner.operation.root()).items {
        let ItemField::Field(field) = item.field else { continue };
        let resolving = planner.graph.resolving(field);
        if resolving.len() <= MOST_CHOICES {
            let asked =
                |&(subgraph, _): &(SubgraphId, FieldId)| Asked::new((subgraph, true), &Before::default());
            let asked: Vec<_> = resolving.iter().map(asked).collect();
            counting.choices.insert(asked.iter().map(|asked| asked.sort).collect());
            counting.count(&asked, item.children);
        }
    }
    counting.sum()
}

impl Counting<'_, '_> {
    /// Counts what is needed for a field that one of these subgraphs is asked for.
    fn count(&mut self, asked: &[Asked], children: Option<SetId>) {
        let Some(before) = Before::of_any(asked.iter().map(|asked| &asked.before)) else { return };
        self.level = self.level.max(before.level);
        self.needs.join(&before.needs);
        let Some(children) = children else { return };
        let set = self.planner.operation.set(children);
        let mut place = Place { ty: set.parent, asked, before, entered: Vec::new() };
        for item in &set.items {
            self.count_item(&mut place, item);
        }
    }

    fn count_item(&mut self, place: &mut Place<'_>, item: &Item) {
        let ItemField::Field(wanted) = item.field else { return };
        let Some(resolving) = self.resolving(place.ty, item, wanted) else { return };
        // A leaf that the only request here has needs nothing more.
        let has = |&(subgraph, field): &(SubgraphId, FieldId)| {
            let access = self.planner.graph.access(subgraph, field);
            subgraph == place.asked[0].sort.0 && access.is_some_and(|access| access.is_plain())
        };
        if item.children.is_none() && place.asked.len() == 1 && resolving.iter().any(has) {
            return;
        }
        let mut asked: Vec<_> = resolving.iter().map(|&option| self.asked(place, option, 0)).collect();
        if self.planner.graph.is_provided(wanted) {
            asked.extend(place.asked.iter().cloned());
        }
        let sorts = asked.iter().flat_map(|asked| [asked.sort, (asked.sort.0, false)]);
        let sorts: BTreeSet<Sort> = sorts.collect();
        self.choices.insert(sorts.into_iter().collect());
        self.count(&asked, item.children);
    }

    /// Who resolves an item for objects of `ty`; `None` where nobody may be asked, or one of many.
    fn resolving(&self, ty: TypeId, item: &Item, wanted: FieldId) -> Option<Vec<(SubgraphId, FieldId)>> {
        let (graph, supergraph) = (self.planner.graph, self.planner.supergraph);
        let several = supergraph.ty(ty).kind.is_abstract();
        if item.types.as_ref().is_some_and(|types| several || !types.contains(&ty)) {
            return None;
        }
        let types = if several { supergraph.ty(ty).possible.as_slice() } else { &[] };
        let own = std::iter::once(&ty).chain(types).filter_map(|&ty| self.planner.same_field(ty, wanted));
        let mut all = Vec::new();
        for field in own {
            all.extend(graph.resolving(field));
            if all.len() > MOST_CHOICES {
                return None;
            }
        }
        (!all.is_empty()).then_some(all)
    }

    /// A subgraph that is asked for a field of the objects here: in the request that has them, or as entities.
    fn asked(&self, place: &mut Place<'_>, (subgraph, field): (SubgraphId, FieldId), depth: usize) -> Asked {
        let access = self.planner.graph.access(subgraph, field);
        let requires = access.and_then(|access| access.requires());
        let later = Asked::new((subgraph, false), &place.before);
        let own = place.asked.iter().find(|asked| asked.sort.0 == subgraph);
        if let Some(own) = own.filter(|_| access.is_none_or(|access| access.is_plain())) {
            let others = (place.asked.len() > 1).then_some(&later.before);
            let before = Before::of_any(others.into_iter().chain([&own.before]));
            return Asked { sort: own.sort, before: before.unwrap_or_default() };
        }
        let mut before = self.entered(place, subgraph);
        for selection in requires.into_iter().flatten().filter(|_| depth < MOST_REQUIRED) {
            before.join(&self.required(place, selection, depth + 1));
        }
        Asked::new((subgraph, false), &before)
    }

    /// What is needed before a required field is there.
    fn required(&self, place: &mut Place<'_>, selection: &FieldSelection, depth: usize) -> Before {
        let field = selection.field.and_then(|field| self.planner.same_field(place.ty, field));
        let resolving = field.map_or(&[][..], |field| self.planner.graph.resolving(field));
        if resolving.len() > MOST_CHOICES || field.is_some_and(|field| self.planner.graph.is_provided(field))
        {
            return place.before.clone();
        }
        let asked: Vec<_> = resolving.iter().map(|&option| self.asked(place, option, depth)).collect();
        Before::of_any(asked.iter().map(|asked| &asked.before)).unwrap_or_else(|| place.before.clone())
    }

    /// What is needed before the objects here are looked up in a subgraph.
    fn entered(&self, place: &mut Place<'_>, subgraph: SubgraphId) -> Before {
        if let Some((_, known)) = place.entered.iter().find(|(known, _)| *known == subgraph) {
            return known.clone();
        }
        let before = self.enter(place, subgraph).unwrap_or_else(|| place.before.clone());
        place.entered.push((subgraph, before.clone()));
        before
    }

    /// What is needed for the keys by which a subgraph is entered: whichever it is.
    fn enter(&self, place: &Place<'_>, subgraph: SubgraphId) -> Option<Before> {
        // Objects of an abstract type are looked up by the keys of their own types.
        if self.planner.supergraph.ty(place.ty).kind.is_abstract() {
            return None;
        }
        let moves = self.planner.graph.entity_moves(place.ty);
        let keys = moves.into(moves.place(subgraph)?).map(|number| {
            let mut before = place.before.clone();
            for &field in &moves.moves()[number].fields {
                before.join(&self.key_field(place, field));
            }
            before
        });
        let keys: Vec<_> = keys.collect();
        Before::of_any(&keys)
    }

    /// What is needed for a field of a key: another request, if none that has the objects resolves it.
    fn key_field(&self, place: &Place<'_>, field: usize) -> Before {
        let graph = self.planner.graph;
        let moves = graph.entity_moves(place.ty);
        let provided = moves.fields()[field].selection.field.is_none_or(|field| graph.is_provided(field));
        let resolves = |at: usize| moves.resolved(at).iter().any(|provider| provider.field == field);
        let here = |asked: &Asked| moves.place(asked.sort.0).is_none_or(resolves);
        if provided || place.asked.iter().any(here) {
            return place.before.clone();
        }
        let others = moves.subgraphs().iter().enumerate().filter(|&(at, _)| resolves(at));
        let others = others.map(|(_, &subgraph)| Asked::new((subgraph, false), &place.before).before);
        let others: Vec<_> = others.take(MOST_CHOICES + 1).collect();
        match Before::of_any(&others) {
            Some(before) if others.len() <= MOST_CHOICES => before,
            _ => place.before.clone(),
        }
    }

    fn sum(mut self) -> Least {
        let mut least = Least { requests: 0, level: self.level, by_subgraph: BTreeMap::new() };
        for &((subgraph, _), count) in &self.needs.0 {
            *least.by_subgraph.entry(subgraph).or_default() += count as usize;
            least.requests += count as usize;
        }
        let mut choices: Vec<_> = std::mem::take(&mut self.choices).into_iter().collect();
        choices.sort_by_key(Vec::len);
        for sorts in choices {
            if !sorts.iter().any(|sort| self.needs.0.iter().any(|(known, _)| known == sort)) {
                least.requests += 1;
                self.needs.0.extend(sorts.into_iter().map(|sort| (sort, 1)));
            }
        }
        least
    }
}

impl Asked {
    /// A request of its own, after what is needed before it.
    fn new(sort: Sort, before: &Before) -> Self {
        let mut before = before.clone();
        before.level += 1;
        match before.needs.0.iter_mut().find(|(known, _)| *known == sort) {
            Some((_, count)) => *count += 1,
            None => before.needs.0.push((sort, 1)),
        }
        Self { sort, before }
    }
}

impl Before {
    /// What is needed whichever it is; `None` of none.
    fn of_any<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut least = all.next()?.clone();
        for other in all {
            least.level = least.level.min(other.level);
            least.needs.meet(&other.needs);
        }
        Some(least)
    }

    /// Needs another too.
    fn join(&mut self, other: &Self) {
        self.level = self.level.max(other.level);
        self.needs.join(&other.needs);
    }
}

impl Needs {
    fn join(&mut self, other: &Self) {
        for &(sort, count) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| *known == sort) {
                Some((_, known)) => *known = (*known).max(count),
                None => self.0.push((sort, count)),
            }
        }
    }

    /// Keeps what both need.
    fn meet(&mut self, other: &Self) {
        self.0.retain_mut(|(sort, count)| {
            let known = other.0.iter().find(|(known, _)| known == sort);
            known.is_some_and(|(_, known)| {
                *count = (*count).min(*known);
                true
            })
        });
    }
}
