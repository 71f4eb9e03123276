//! The search behind a table of ways: subgraphs are settled from the cheapest on.
//!
//! 1. Ways that need no key are put in a queue by their cost.
//! 2. The cheapest of the queue settles its subgraph. The key fields that this subgraph resolves are then known at that cost, if they
//!    were not before.
//! 3. A move whose last key field became known is put in the queue; it costs what its fields cost and one request more.
//!
//! A move never costs less than a field of its key, so that what is settled stays the cheapest.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use octavo_query_graph::{EntityMoves, QueryGraph};
use octavo_supergraph::{SubgraphId, TypeId};

use crate::prices::{LATER, Prices, REQUEST, cheapest};
use crate::reach::{EntryStep, KeyPart, Step, Way};
use crate::state::FetchIndex;

/// The ways to the objects of one position and type.
#[derive(Clone, Debug)]
pub(crate) struct Ways<'g> {
    graph: &'g QueryGraph,
    moves: &'g EntityMoves,
    /// By place of the subgraph: the cheapest way without a key.
    starts: Vec<Option<Reached<'g>>>,
    /// By place: the cheapest way.
    best: Vec<Option<Reached<'g>>>,
    /// By number of the move: how many fields of its key are not known.
    missing: Vec<usize>,
    queue: BinaryHeap<Reverse<Open>>,
    /// By place: the levels at which a request costs something else than usual.
    special: Vec<Vec<(u32, u32)>>,
    fields: Vec<Field>,
    /// What `@provides` adds: place, field, and whether it has a rest.
    provided: Vec<(usize, usize, bool)>,
    /// Places that are not entered by a key.
    closed: Vec<usize>,
}

/// The cheapest way to one subgraph.
#[derive(Clone, Debug)]
struct Reached<'g> {
    price: u32,
    level: u32,
    by: By<'g>,
}

#[derive(Clone, Debug)]
enum By<'g> {
    Step(Step<'g>),
    Move(usize),
}

/// What is known of a key field.
#[derive(Clone, Debug, Default)]
struct Field {
    /// The fetch that has it, with its level.
    filled: Option<(FetchIndex, u32)>,
    /// The two cheapest that resolve it: place, and whether it has a rest.
    from: [Option<(usize, bool)>; 2],
}

/// Something in the queue, cheapest first; then in the order of the places, and of what is cheaper by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    cost: u32,
    place: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The way without a key.
    Start,
    Move(usize),
    /// A key field with its rest.
    Field(usize),
}

/// What a move costs.
struct Price {
    requests: u32,
    level: u32,
    /// The first level at which it could leave.
    earliest: u32,
}

impl Price {
    fn cost(&self) -> u32 {
        self.requests + self.level * LATER
    }

    /// The way by this move.
    fn by<'g>(self, number: usize) -> Reached<'g> {
        Reached { price: self.requests, level: self.level, by: By::Move(number) }
    }
}

impl<'g> Ways<'g> {
    pub(crate) fn new(graph: &'g QueryGraph, ty: TypeId, prices: &Prices) -> Self {
        let moves = graph.entity_moves(ty);
        let nowhere: Vec<_> = moves.subgraphs().iter().map(|_| None).collect();
        Self {
            graph,
            moves,
            starts: nowhere.clone(),
            best: nowhere,
            missing: moves.moves().iter().map(|entered| entered.fields.len()).collect(),
            queue: BinaryHeap::new(),
            special: moves.subgraphs().iter().map(|&subgraph| prices.special(subgraph).to_vec()).collect(),
            fields: vec![Field::default(); moves.fields().len()],
            provided: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// A way that needs no key.
    pub(crate) fn start(&mut self, subgraph: SubgraphId, way: Way<'g>) {
        let Some(place) = self.moves.place(subgraph) else { return };
        let new = Reached { price: way.price, level: way.level, by: By::Step(way.step) };
        let known = &mut self.starts[place];
        if known.as_ref().is_none_or(|known| new.cost() < known.cost()) {
            *known = Some(new);
        }
    }

    /// A key field that a fetch has.
    pub(crate) fn fill(&mut self, field: usize, fetch: FetchIndex, level: u32) {
        self.fields[field].filled = Some((fetch, level));
    }

    /// A key field that a source provides.
    pub(crate) fn provide(&mut self, subgraph: SubgraphId, field: usize, has_rest: bool) {
        if let Some(place) = self.moves.place(subgraph) {
            self.provided.push((place, field, has_rest));
        }
    }

    /// A subgraph that is being entered already.
    pub(crate) fn never_enter(&mut self, subgraph: SubgraphId) {
        self.closed.extend(self.moves.place(subgraph));
    }

    /// Settles what the ways without a key, and the key fields that fetches have, lead to; gives how many steps that took.
    pub(crate) fn relax(&mut self) -> usize {
        for place in 0..self.best.len() {
            self.open(place);
        }
        let mut steps = self.best.len();
        for field in 0..self.fields.len() {
            if self.fields[field].filled.is_some() {
                steps += self.known(field);
            }
        }
        steps + self.settle_all()
    }

    /// Settles again what a new source makes cheaper; gives how many steps that took.
    pub(crate) fn add_source(&mut self, subgraph: SubgraphId, way: Way<'g>) -> usize {
        self.start(subgraph, way);
        if let Some(place) = self.moves.place(subgraph) {
            self.open(place);
        }
        self.settle_all()
    }

    /// Settles again what a new price makes cheaper; gives how many steps that took.
    pub(crate) fn add_price(&mut self, subgraph: SubgraphId, special: &[(u32, u32)]) -> usize {
        let Some(place) = self.moves.place(subgraph) else { return 0 };
        self.special[place] = special.to_vec();
        let into = self.moves.into(place);
        for number in into.clone() {
            self.open_move(number);
        }
        into.len() + self.settle_all()
    }

    /// Puts a way without a key in the queue, if its subgraph is not settled at that cost.
    fn open(&mut self, place: usize) {
        let Some(start) = &self.starts[place] else { return };
        self.queue.push(Reverse(Open { cost: start.cost(), place, what: What::Start }));
    }

    fn settle_all(&mut self) -> usize {
        let mut steps = 0;
        while let Some(Reverse(open)) = self.queue.pop() {
            steps += 1;
            let new = match open.what {
                What::Field(field) => {
                    steps += self.resolve(open.place, field, true);
                    continue;
                }
                What::Start => self.starts[open.place].clone(),
                What::Move(number) => self.price_of(number).map(|price| price.by(number)),
            };
            let known = self.best[open.place].as_ref();
            if let Some(new) = new.filter(|new| known.is_none_or(|known| new.cost() < known.cost())) {
                self.best[open.place] = Some(new);
                steps += self.settle(open);
            }
        }
        steps
    }

    /// Makes known what a settled subgraph resolves.
    fn settle(&mut self, open: Open) -> usize {
        let moves = self.moves;
        let place = open.place;
        let own = moves.resolved(place).iter().map(|provider| (provider.field, provider.has_rest));
        let provided = self.provided.iter().filter(|(at, ..)| *at == place);
        let provided: Vec<_> = provided.map(|&(_, field, has_rest)| (field, has_rest)).collect();
        let mut steps = 0;
        for (field, has_rest) in own.chain(provided) {
            steps += 1;
            if has_rest {
                let cost = open.cost + REQUEST;
                self.queue.push(Reverse(Open { cost, place, what: What::Field(field) }));
            } else {
                steps += self.resolve(place, field, false);
            }
        }
        steps
    }

    /// Notes who resolves a key field; what waits for it is priced again if that is cheaper than before.
    fn resolve(&mut self, place: usize, field: usize, has_rest: bool) -> usize {
        let cost = self.provider_cost((place, has_rest));
        let [first, second] = self.fields[field].from;
        let cheaper =
            |known: Option<(usize, bool)>| known.is_none_or(|known| cost < self.provider_cost(known));
        let known = first.is_some();
        if first.is_some_and(|(first, _)| first == place) || cheaper(first) {
            let second = if first.is_some_and(|(first, _)| first == place) { second } else { first };
            self.fields[field].from = [Some((place, has_rest)), second];
        } else {
            if cheaper(second) {
                self.fields[field].from[1] = Some((place, has_rest));
            }
            return 0;
        }
        match (self.fields[field].filled, known) {
            (Some(_), _) => 0,
            (None, false) => self.known(field),
            (None, true) => self.price_again(field),
        }
    }

    fn provider_cost(&self, (place, has_rest): (usize, bool)) -> u32 {
        let way = self.best[place].as_ref().map_or(u32::MAX / 2, Reached::cost);
        way + u32::from(has_rest) * REQUEST
    }

    /// Opens the moves that waited for a field alone.
    fn known(&mut self, field: usize) -> usize {
        let waiting = &self.moves.fields()[field].moves;
        for &number in waiting {
            self.missing[number] -= 1;
            self.open_move(number);
        }
        waiting.len()
    }

    fn price_again(&mut self, field: usize) -> usize {
        let waiting = &self.moves.fields()[field].moves;
        for &number in waiting {
            self.open_move(number);
        }
        waiting.len()
    }

    /// Puts a move in the queue whose key is known, if it is cheaper than what leads there.
    fn open_move(&mut self, number: usize) {
        let place = self.moves.moves()[number].subgraph;
        if self.missing[number] > 0 || self.closed.contains(&place) {
            return;
        }
        let Some(price) = self.price_of(number) else { return };
        if self.best[place].as_ref().is_none_or(|known| price.cost() < known.cost()) {
            self.queue.push(Reverse(Open { cost: price.cost(), place, what: What::Move(number) }));
        }
    }

    /// What a move costs; `None` when a field of its key cannot be had.
    fn price_of(&self, number: usize) -> Option<Price> {
        let entered = &self.moves.moves()[number];
        let mut paid: Vec<(usize, u32)> = Vec::new();
        let (mut level, mut rests) = (0, 0);
        for &field in &entered.fields {
            if let Some((_, filled)) = self.fields[field].filled {
                level = level.max(filled);
                continue;
            }
            let (place, has_rest) = self.provider(entered.subgraph, field)?;
            let from = self.best[place].as_ref()?;
            let rest = u32::from(has_rest);
            rests += rest;
            if !paid.iter().any(|(known, _)| *known == place) {
                paid.push((place, from.price));
            }
            level = level.max(from.level + rest);
        }
        let earliest = level + 1;
        let (own, level) = cheapest(&self.special[entered.subgraph], earliest);
        let requests = paid.iter().map(|(_, price)| price).sum::<u32>() + rests * REQUEST + own;
        Some(Price { requests, level, earliest })
    }

    /// The cheapest subgraph for a field of a key. The one that is entered counts only if it has the objects by another way.
    fn provider(&self, entered: usize, field: usize) -> Option<(usize, bool)> {
        let usable = |place: usize| {
            let by_move = self.best[place].as_ref().is_some_and(|way| matches!(way.by, By::Move(_)));
            place != entered || !by_move
        };
        self.fields[field].from.into_iter().flatten().find(|&(place, _)| usable(place))
    }

    /// The price and the level of the cheapest way to a subgraph.
    pub(crate) fn price(&self, subgraph: SubgraphId) -> Option<(u32, u32)> {
        let way = self.best[self.moves.place(subgraph)?].as_ref()?;
        Some((way.price, way.level))
    }

    /// What the cheapest way to a subgraph costs; nothing if a source is there.
    pub(crate) fn cost(&self, subgraph: SubgraphId) -> Option<u32> {
        let way = self.best[self.moves.place(subgraph)?].as_ref()?;
        Some(if matches!(way.by, By::Step(Step::Source(_))) { 0 } else { way.cost() })
    }

    /// The cheapest way to a subgraph.
    pub(crate) fn to(&self, subgraph: SubgraphId) -> Option<Way<'g>> {
        let way = self.best[self.moves.place(subgraph)?].as_ref()?;
        let step = match &way.by {
            By::Step(step) => step.clone(),
            By::Move(number) => Step::Entry(self.entry_step(*number)?),
        };
        Some(Way { price: way.price, level: way.level, step })
    }

    /// The cheapest way to a subgraph by a key, even where a source exists.
    pub(crate) fn entry(&self, subgraph: SubgraphId) -> Option<Way<'g>> {
        self.entry_as(subgraph, None)
    }

    /// The cheapest way to a subgraph by a key under which objects are looked up as `as_type`; `None`: as any.
    pub(crate) fn entry_as(&self, subgraph: SubgraphId, as_type: Option<TypeId>) -> Option<Way<'g>> {
        let place = self.moves.place(subgraph)?;
        if self.closed.contains(&place) {
            return None;
        }
        let fits = |number: &usize| as_type.is_none_or(|ty| self.moves.moves()[*number].ty == ty);
        let priced =
            self.moves.into(place).filter(fits).filter_map(|number| Some((number, self.price_of(number)?)));
        let (number, Price { requests: price, level, .. }) = priced.min_by_key(|(_, price)| price.cost())?;
        Some(Way { price, level, step: Step::Entry(self.entry_step(number)?) })
    }

    fn entry_step(&self, number: usize) -> Option<EntryStep<'g>> {
        let entered = &self.moves.moves()[number];
        let part = |&field: &usize| {
            if let Some((fetch, _)) = self.fields[field].filled {
                return Some(KeyPart::Filled(fetch));
            }
            let (place, _) = self.provider(entered.subgraph, field)?;
            Some(KeyPart::Subgraph(self.moves.subgraphs()[place]))
        };
        let parts = entered.fields.iter().map(part).collect::<Option<_>>()?;
        let price = self.price_of(number)?;
        let waits = if price.level > price.earliest { price.level } else { 0 };
        Some(EntryStep { ty: entered.ty, key: self.graph.key(self.moves, entered), parts, waits })
    }
}

impl Reached<'_> {
    fn cost(&self) -> u32 {
        self.price + self.level * LATER
    }
}
