//! What one more request costs: little where one leaves for the same subgraph at the same level anyway.

use std::collections::BTreeSet;

use octavo_index::IdMap;
use octavo_supergraph::SubgraphId;

/// The cost of one more request.
pub(crate) const REQUEST: u32 = 1_000;
/// The cost of one more request in a row.
pub(crate) const LATER: u32 = 10;
/// The cost of what leaves with a request that is made anyway.
const JOINED: u32 = 20;
/// The cost of a request that is to be avoided.
const AVOIDED: u32 = 3 * REQUEST;

/// A request: its subgraph and its level. Fetches with the same leave together.
pub(crate) type Leaving = (SubgraphId, u32);

/// What a walk is told of requests before it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bias {
    /// Those that are expected to be made anyway.
    pub(crate) expected: BTreeSet<Leaving>,
    /// Those that the walk should do without.
    pub(crate) avoided: BTreeSet<Leaving>,
}

/// The prices of requests while a plan is made.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    /// By subgraph: the levels at which a request costs something else than usual.
    special: IdMap<SubgraphId, Vec<(u32, u32)>>,
    /// The subgraphs whose prices have changed, one after the other.
    changed: Vec<SubgraphId>,
}

impl Prices {
    pub(crate) fn new(bias: &Bias) -> Self {
        let mut prices = Self::default();
        let avoided = bias.avoided.iter().map(|request| (request, AVOIDED));
        for (&(subgraph, level), price) in
            bias.expected.iter().map(|request| (request, JOINED)).chain(avoided)
        {
            prices.special.entry(subgraph).or_default().push((level, price));
        }
        prices
    }

    /// Notes that a request is made.
    pub(crate) fn join(&mut self, (subgraph, level): Leaving) {
        let special = self.special.entry(subgraph).or_default();
        match special.iter_mut().find(|(known, _)| *known == level) {
            Some((_, JOINED)) => return,
            Some((_, price)) => *price = JOINED,
            None => special.push((level, JOINED)),
        }
        self.changed.push(subgraph);
    }

    /// The levels at which a request to a subgraph costs something else than usual, with what it costs there.
    pub(crate) fn special(&self, subgraph: SubgraphId) -> &[(u32, u32)] {
        self.special.get(&subgraph).map_or(&[], Vec::as_slice)
    }

    /// The subgraphs whose prices have changed.
    pub(crate) fn changed(&self) -> &[SubgraphId] {
        &self.changed
    }

    /// What a request costs at least.
    pub(crate) fn least(&self) -> u32 {
        if self.special.is_empty() { REQUEST } else { JOINED }
    }

    /// What a request to a subgraph costs whose level is not known.
    pub(crate) fn at_some_level(&self, subgraph: SubgraphId) -> u32 {
        let special = self.special(subgraph).iter();
        special.map(|(_, price)| *price).min().unwrap_or(REQUEST)
    }
}

/// What a request costs at one level.
pub(crate) fn price_at(special: &[(u32, u32)], level: u32) -> u32 {
    special.iter().find(|(known, _)| *known == level).map_or(REQUEST, |(_, price)| *price)
}

/// The cheapest request that leaves at `earliest` or waits for one that leaves later: its price and level.
pub(crate) fn cheapest(special: &[(u32, u32)], earliest: u32) -> (u32, u32) {
    let usual = price_at(special, earliest);
    let later = special.iter().filter(|(level, price)| *level > earliest && *price == JOINED);
    let all = std::iter::once((usual, earliest)).chain(later.map(|&(level, price)| (price, level)));
    all.min_by_key(|(price, level)| price + level * LATER).unwrap_or((usual, earliest))
}
