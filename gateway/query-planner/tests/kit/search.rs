//! Every set of requests that answers a puzzle, by trying them all.
//!
//! What a set of requests can answer follows from the set alone. A request to the root is of the first step; a request for entities is of a
//! later one, and one to each subgraph in a step serves every place whose key is known from the steps before. So that a plan is a set of
//! subgraphs for each step, and it is enough to ask of each such plan whether all that is wanted is had in the end.

use std::collections::BTreeSet;

use crate::puzzle::{Had, Puzzle, Wanted};

/// How many steps in a row are looked at.
const STEPS: usize = 6;
/// How many requests more than needed a plan may have to be counted among those that differ.
const MORE: usize = 2;

/// What a plan costs: its requests, then its steps in a row.
pub(crate) type Cost = (usize, usize);

/// The subgraphs that are asked, by step, a bit for each.
pub(crate) type Plan = Vec<usize>;

/// A place of the response.
struct Place {
    ty: usize,
    /// The place above and the field that leads here.
    above: Option<(usize, usize)>,
    /// The fields that are wanted there.
    wanted: Vec<usize>,
}

/// A puzzle laid out as places.
pub(crate) struct Search<'p> {
    puzzle: &'p Puzzle,
    places: Vec<Place>,
}

/// What is had after some steps.
#[derive(Clone, PartialEq, Eq)]
struct Known {
    /// By place: the fields whose values are known, a bit for each.
    fields: Vec<u32>,
}

impl<'p> Search<'p> {
    pub(crate) fn new(puzzle: &'p Puzzle) -> Self {
        let mut places = Vec::new();
        lay_out(puzzle, 0, None, &puzzle.wanted, &mut places);
        Self { puzzle, places }
    }

    /// Whether a plan has everything in the end.
    pub(crate) fn answers(&self, plan: &[usize]) -> bool {
        let mut had = Known { fields: vec![0; self.places.len()] };
        for (step, &asked) in plan.iter().enumerate() {
            had = self.after(&had, step, asked);
        }
        self.is_done(&had)
    }

    /// The costs of all plans of which no request can be spared, the cheapest first; a few requests more than the cheapest at most.
    pub(crate) fn costs(&self) -> Vec<Cost> {
        let mut costs = BTreeSet::new();
        let mut most = usize::MAX;
        for requests in 1..=self.puzzle.subgraphs * 2 {
            if requests > most {
                break;
            }
            let mut plans = Vec::new();
            let had = Known { fields: vec![0; self.places.len()] };
            self.plans(&had, requests, &mut Vec::new(), &mut plans);
            if !plans.is_empty() && most == usize::MAX {
                most = requests + MORE;
            }
            let spare = plans.iter().filter(|plan| !self.can_spare(plan));
            costs.extend(spare.map(|plan| (requests, plan.len())));
        }
        costs.into_iter().collect()
    }

    fn can_spare(&self, plan: &[usize]) -> bool {
        let each = |step: usize| (0..self.puzzle.subgraphs).map(move |graph| (step, 1 << graph));
        (0..plan.len()).flat_map(each).filter(|(step, bit)| plan[*step] & bit != 0).any(|(step, bit)| {
            let mut less = plan.to_vec();
            less[step] &= !bit;
            self.answers(&less)
        })
    }

    /// All plans with so many more requests, but for those with one that adds nothing to what the others of its step do.
    fn plans(&self, had: &Known, left: usize, plan: &mut Plan, plans: &mut Vec<Plan>) {
        if left == 0 || plan.len() == STEPS {
            if left == 0 && self.is_done(had) {
                plans.push(plan.clone());
            }
            return;
        }
        let graphs = 0..self.puzzle.subgraphs;
        let added: Vec<Known> = graphs.map(|graph| self.answer(had, plan.len(), graph)).collect();
        for asked in 1_usize..1 << self.puzzle.subgraphs {
            let requests = asked.count_ones() as usize;
            if requests > left {
                continue;
            }
            let whole = Self::joined(had, &added, asked);
            let spare = |graph: usize| {
                asked & (1 << graph) != 0 && Self::joined(had, &added, asked & !(1 << graph)) == whole
            };
            if (0..self.puzzle.subgraphs).any(spare) {
                continue;
            }
            plan.push(asked);
            self.plans(&whole, left - requests, plan, plans);
            plan.pop();
        }
    }

    /// What is had with the answers of some subgraphs.
    fn joined(had: &Known, added: &[Known], asked: usize) -> Known {
        let mut all = had.clone();
        for (_, one) in added.iter().enumerate().filter(|(graph, _)| asked & (1 << graph) != 0) {
            all.fields.iter_mut().zip(&one.fields).for_each(|(all, one)| *all |= one);
        }
        all
    }

    fn is_done(&self, had: &Known) -> bool {
        let mut places = self.places.iter().zip(&had.fields);
        places.all(|(place, fields)| place.wanted.iter().all(|field| fields & (1 << field) != 0))
    }

    /// What is had after one more step.
    fn after(&self, had: &Known, step: usize, asked: usize) -> Known {
        let graphs = 0..self.puzzle.subgraphs;
        let added: Vec<Known> = graphs.map(|graph| self.answer(had, step, graph)).collect();
        Self::joined(had, &added, asked)
    }

    /// What a request to one subgraph has, given what is had before its step.
    fn answer(&self, had: &Known, step: usize, graph: usize) -> Known {
        let mut answer = Known { fields: vec![0; self.places.len()] };
        // Whether this request has the objects of a place; places above come first.
        let mut inside = vec![false; self.places.len()];
        for (number, place) in self.places.iter().enumerate() {
            let kind = &self.puzzle.types[place.ty];
            let known = had.fields[number];
            let entered = match place.above {
                None => step == 0,
                Some(_) => step > 0 && kind.keys[graph].iter().any(|key| known & (1 << key) != 0),
            };
            let led = place.above.is_some_and(|(above, field)| {
                let ty = self.places[above].ty;
                inside[above] && self.puzzle.types[ty].fields[field].had[graph] == Had::Yes
            });
            inside[number] = entered || led;
            for (field, definition) in kind.fields.iter().enumerate() {
                let resolved = match definition.had[graph] {
                    Had::No => false,
                    Had::Yes => inside[number],
                    Had::From(other) => entered && known & (1 << other) != 0,
                };
                answer.fields[number] |= u32::from(resolved) << field;
            }
        }
        answer
    }
}

fn lay_out(
    puzzle: &Puzzle,
    ty: usize,
    above: Option<(usize, usize)>,
    wanted: &[Wanted],
    places: &mut Vec<Place>,
) {
    let number = places.len();
    places.push(Place { ty, above, wanted: wanted.iter().map(|one| one.field).collect() });
    for one in wanted {
        if let Some(to) = puzzle.types[ty].fields[one.field].to {
            lay_out(puzzle, to, Some((number, one.field)), &one.below, places);
        }
    }
}
